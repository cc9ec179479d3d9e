#ifndef ADDEND_IMAGES_H
#define ADDEND_IMAGES_H
#endif
