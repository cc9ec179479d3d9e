#include "addend_digits.h"

// Clang embeds in every C; only the word is of C23.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t digits[] = {
#embed "Resources/digits.bin.gz"
};

const uint8_t *addend_digits(size_t *count) {
  *count = sizeof digits;
  return digits;
}
