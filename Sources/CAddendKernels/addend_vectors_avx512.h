// AVX-512's vectors behind the macros that sources of addend_sets.h are written in.
#define VECTOR __m512
#define INTEGERS __v16si
#define LANES 16
#define MASK __mmask16
#define FIRST(count) ((__mmask16)((1u << (count)) - 1))
#define LOAD(p) _mm512_loadu_ps(p)
#define STORE(p, x) _mm512_storeu_ps(p, x)
#define LOAD_PART(p, mask) _mm512_maskz_loadu_ps(mask, p)
#define STORE_PART(p, x, mask) _mm512_mask_storeu_ps(p, mask, x)
#define BROADCAST(x) _mm512_set1_ps(x)
#define MULTIPLY_ADD(x, y, z) _mm512_fmadd_ps(x, y, z)
#define MAXIMUM(x, y) _mm512_max_ps(x, y)
#define MINIMUM(x, y) _mm512_min_ps(x, y)
