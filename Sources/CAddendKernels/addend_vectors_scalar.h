// Vectors of four, which compilers have on every processor, behind the macros that sources of
// addend_sets.h are written in. Parts of vectors are rare and stay out of line.
typedef float vector4 __attribute__((vector_size(16), aligned(4)));
typedef int32_t integers4 __attribute__((vector_size(16)));
__attribute__((noinline, unused)) static vector4 load4(const float *p, size_t count) {
  vector4 x = {0, 0, 0, 0};
  memcpy(&x, p, count * sizeof *p);
  return x;
}
__attribute__((noinline, unused)) static void store4(float *p, vector4 x, size_t count) {
  memcpy(p, &x, count * sizeof *p);
}
ADDEND_INLINE vector4 select4(integers4 mask, vector4 x, vector4 y) {
  return (vector4)((mask & (integers4)x) | (~mask & (integers4)y));
}
#define VECTOR vector4
#define INTEGERS integers4
#define LANES 4
#define MASK size_t
#define FIRST(count) (count)
#define LOAD(p) (*(const vector4 *)(p))
#define STORE(p, x) ((void)(*(vector4 *)(p) = (x)))
#define LOAD_PART(p, count) ((count) == LANES ? LOAD(p) : load4(p, count))
#define STORE_PART(p, x, count) ((count) == LANES ? STORE(p, x) : store4(p, x, count))
#define BROADCAST(x) ((vector4){x, x, x, x})
#define MULTIPLY_ADD(x, y, z) ((x) * (y) + (z))
#define MAXIMUM(x, y) select4((integers4)((x) > (y)), x, y)
#define MINIMUM(x, y) select4((integers4)((x) < (y)), x, y)
