#include "addend_resources.h"
