// AVX2's vectors behind the macros that sources of addend_sets.h are written in.
ADDEND_INLINE __m256i first8(size_t count) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)count),
                            _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
#define VECTOR __m256
#define INTEGERS __v8si
#define LANES 8
#define MASK __m256i
#define FIRST(count) first8(count)
#define LOAD(p) _mm256_loadu_ps(p)
#define STORE(p, x) _mm256_storeu_ps(p, x)
#define LOAD_PART(p, mask) _mm256_maskload_ps(p, mask)
#define STORE_PART(p, x, mask) _mm256_maskstore_ps(p, mask, x)
#define BROADCAST(x) _mm256_set1_ps(x)
#define MULTIPLY_ADD(x, y, z) _mm256_fmadd_ps(x, y, z)
#define MAXIMUM(x, y) _mm256_max_ps(x, y)
#define MINIMUM(x, y) _mm256_min_ps(x, y)
