#include "agents/nginx/conf.h"

#include <algorithm>

#include "base/status.h"

namespace reeve::agents::nginx {
namespace {

bool IsControl(unsigned char c) { return c < ' ' || c == 0x7f; }

bool IsPlain(unsigned char c) {
  return std::isalnum(c) != 0 ||
         std::string_view("._-/:=$*@+,~").find(static_cast<char>(c)) != std::string_view::npos;
}

// The one place where an argument becomes text.
absl::StatusOr<std::string> Quote(std::string_view text) {
  if (std::ranges::any_of(text, IsControl)) return InvalidArgument("\"{}\": a control byte", text);
  if (!text.empty() && std::ranges::all_of(text, IsPlain)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

absl::Status Emit(const std::vector<NginxBlock>& directives, const std::string& indent,
                  std::string* text) {
  for (const NginxBlock& directive : directives) {
    *text += indent + directive.name;
    for (const std::string& arg : directive.args) {
      ASSIGN_OR_RETURN(const std::string quoted, Quote(arg));
      *text += " " + quoted;
    }
    if (directive.children.empty() && !directive.has_block) {
      *text += ";\n";
      continue;
    }
    *text += " {\n";
    RETURN_IF_ERROR(Emit(directive.children, indent + "    ", text));
    *text += indent + "}\n";
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::string> Literal(std::string_view text) {
  if (std::ranges::any_of(text, IsControl)) return InvalidArgument("\"{}\": a control byte", text);
  if (text.find('$') != text.npos) return InvalidArgument("\"{}\": has a $", text);
  return std::string(text);
}

absl::StatusOr<std::string> EmitConf(const std::vector<NginxBlock>& directives) {
  std::string text;
  RETURN_IF_ERROR(Emit(directives, "", &text));
  return text;
}

}  // namespace reeve::agents::nginx
