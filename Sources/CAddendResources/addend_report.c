#include "addend_report.h"

// Standard since C23, which the package manager cannot ask for yet.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const uint8_t chart_library[] = {
#embed "Resources/report/chart.min.js"
};
static const uint8_t script[] = {
#embed "Resources/report/report.js"
};
static const uint8_t style[] = {
#embed "Resources/report/report.css"
};

const uint8_t *addend_report_chart_library(size_t *count) {
  *count = sizeof chart_library;
  return chart_library;
}

const uint8_t *addend_report_script(size_t *count) {
  *count = sizeof script;
  return script;
}

const uint8_t *addend_report_style(size_t *count) {
  *count = sizeof style;
  return style;
}
