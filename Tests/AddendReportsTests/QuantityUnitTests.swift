import AddendReports
import Testing

@Test(arguments: [
  (0, "0"), (7, "7"), (0.5, "0.50"), (8123, "8123"), (9999, "9999"), (9999.7, "10.0 k"),
  (81_234, "81.2 k"), (999_600, "1.00 M"), (1_234_567, "1.23 M"), (2e9, "2.00 G"), (-12, "−12"),
])
func counts(value: Double, text: String) { #expect(QuantityUnit.count.text(value) == text) }

@Test(arguments: [
  (0, "0 B"), (1023, "1023 B"), (1024, "1.00 KiB"), (1536, "1.50 KiB"), (1_048_575, "1.00 MiB"),
  (5e9, "4.66 GiB"),
])
func bytes(value: Double, text: String) { #expect(QuantityUnit.bytes.text(value) == text) }

@Test(arguments: [
  (0, "0.00 ns"), (3.5e-7, "350 ns"), (8.1e-6, "8.10 µs"), (0.00999, "9.99 ms"), (0.9996, "1.00 s"),
  (1, "1.00 s"), (59.96, "60.0 s"), (119.4, "119 s"), (125, "2 min 05 s"), (3599.6, "60 min 00 s"),
  (7200, "2 h 00 min"), (11_220, "3 h 07 min"),
])
func seconds(value: Double, text: String) { #expect(QuantityUnit.seconds.text(value) == text) }

@Test(arguments: [(0.03, "0.03 pJ"), (999.7, "1.00 nJ"), (1_225_840, "1.23 µJ"), (5e12, "5.00 J")])
func energies(value: Double, text: String) { #expect(QuantityUnit.picojoules.text(value) == text) }

@Test func whatIsNoNumberIsADash() {
  for unit in [QuantityUnit.count, .bytes, .seconds, .picojoules, .fraction, .plain] {
    #expect(unit.text(.nan) == "–")
    #expect(unit.text(.infinity) == "–")
    #expect(!unit.text(.greatestFiniteMagnitude).isEmpty)
    #expect(!unit.text(.leastNonzeroMagnitude).isEmpty)
  }
}

@Test(arguments: [
  (1, 1, "1×"), (0, 0, "1×"), (0, 5, "0×"), (1, 0, "–"), (0.52, 1, "0.52×"), (0.041, 1, "0.041×"),
  (0.00154, 1, "0.0015×"), (2.154, 1, "2.15×"), (12.34, 1, "12.3×"), (512.4, 1, "512×"),
])
func ratios(value: Double, reference: Double, text: String) {
  #expect(ratioText(value, to: reference) == text)
}

@Test func differencesAreInPercentagePoints() {
  #expect(pointsText(0.97, from: 0.9743) == "−0.43 pp")
  #expect(pointsText(0.99, from: 0.975) == "+1.50 pp")
  #expect(pointsText(0.99, from: 0.99) == "±0.00 pp")
}
