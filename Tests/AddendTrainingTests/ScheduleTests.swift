import AddendCatalogue
import AddendLinear
import AddendTraining
import Testing

private func progress(_ step: Int) -> TrainingProgress {
  TrainingProgress(step: step, stepsPerEpoch: 10, epochs: 8)
}

@Test func constantScheduleKeepsTheRate() {
  #expect(ConstantSchedule().factor(at: progress(0)) == 1)
  #expect(ConstantSchedule().factor(at: progress(79)) == 1)
}

@Test func warmupRisesInAStraightLine() {
  let schedule = ConstantSchedule(warmup: 2)
  #expect(abs(schedule.factor(at: progress(0)) - 0.05) < 1e-12)
  #expect(abs(schedule.factor(at: progress(9)) - 0.5) < 1e-12)
  #expect(abs(schedule.factor(at: progress(19)) - 1) < 1e-12)
  #expect(schedule.factor(at: progress(20)) == 1)
}

@Test func stepScheduleDropsAtEachInterval() {
  let schedule = StepSchedule(every: 3, drop: 0.5)
  #expect(schedule.factor(at: progress(29)) == 1)
  #expect(schedule.factor(at: progress(30)) == 0.5)
  #expect(schedule.factor(at: progress(60)) == 0.25)
}

@Test func exponentialScheduleReachesItsEnd() throws {
  let schedule = ExponentialSchedule(end: 1e-4)
  #expect(schedule.factor(epoch: 0, of: 8) == 1)
  #expect((schedule.factor(epoch: 2, of: 8) - 0.1).magnitude < 1e-12)
  #expect((schedule.factor(epoch: 8, of: 8) - 1e-4).magnitude < 1e-15)
  #expect(throws: CatalogueError.self) { try Schedules.configuration(Specification("exponential")) }
}

@Test func exponentialScheduleFallsByItsFactorEachEpoch() {
  let schedule = ExponentialSchedule(decay: 0.9)
  #expect(abs(schedule.factor(at: progress(10)) - 0.9) < 1e-12)
  #expect(abs(schedule.factor(at: progress(25)) - 0.768_433_471_420_9) < 1e-12)
}

@Test func cosineScheduleFallsFromOneToItsFloor() {
  let schedule = CosineSchedule(floor: 0.1)
  #expect(schedule.factor(at: progress(0)) == 1)
  #expect(abs(schedule.factor(at: progress(40)) - 0.55) < 1e-12)
  #expect(abs(schedule.factor(at: progress(80)) - 0.1) < 1e-12)
}
