#ifndef ADDEND_REPORT_H
#define ADDEND_REPORT_H
#include <stddef.h>
#include <stdint.h>

/// What a report page is made of, in UTF-8: Chart.js (see NOTICE.md), our script, our style sheet.
/// None holds "</script" or "</style". Each lives as long as the process.
const uint8_t *addend_report_chart_library(size_t *count);
const uint8_t *addend_report_script(size_t *count);
const uint8_t *addend_report_style(size_t *count);
#endif
