#include "ctl/screen.h"

namespace reeve::ctl {
namespace {

bool Color(const Session& session, bool terminal) {
  const std::string when = session.flags().Text("color");
  if (when == "always" || when == "never") return when == "always";
  return terminal && session.io().env("NO_COLOR").empty() && session.io().env("TERM") != "dumb";
}

}  // namespace

bool ColorOut(const Session& session) { return Color(session, session.io().tty); }
bool ColorErr(const Session& session) { return Color(session, session.io().err_tty); }

TableStyle ScreenStyle(const Session& session) {
  TableStyle style{.headers = !session.flags().Bool("no-headers"), .color = ColorOut(session)};
  if (session.io().tty) style.width = static_cast<size_t>(session.io().width);
  return style;
}

}  // namespace reeve::ctl
