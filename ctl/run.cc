#include "ctl/run.h"

#include <variant>

#include "ctl/complete.h"
#include "ctl/parser.h"
#include "ctl/session.h"

namespace reeve::ctl {

namespace {

// What the scripts of `ctl completion` ask; people do not type it.
bool IsCompletion(const std::vector<std::string>& argv) {
  return argv.size() > 1 && argv[0] == "__complete" && argv[1] == "--";
}

}  // namespace

int Run(const std::vector<std::string>& argv, Io io) {
  if (IsCompletion(argv)) {
    Complete({argv.begin() + 2, argv.end()}, io);
    return 0;
  }
  Parsed parsed = Parse(argv);
  if (const auto* help = std::get_if<HelpText>(&parsed)) {
    io.out << help->text << std::flush;
    return 0;
  }
  if (const auto* error = std::get_if<UsageError>(&parsed)) {
    io.err << error->text << std::flush;
    return error->code;
  }
  Session session(&io, std::get<Invocation>(std::move(parsed)));
  session.Report(session.flags().command->run(session));
  return session.failed() ? session.flags().command->failure : session.code();
}

}  // namespace reeve::ctl
