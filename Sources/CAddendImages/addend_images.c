#include "addend_images.h"
