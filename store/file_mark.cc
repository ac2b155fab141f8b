#include "store/file_mark.h"

#include <algorithm>
#include <charconv>

#include "base/durable_file.h"
#include "base/log.h"
#include "base/status.h"
#include "base/strings.h"

namespace reeve::store {
namespace {

constexpr std::string_view kTitle = "reeve-mark 1\n";

uint64_t Sum(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

// Takes "name value\n" off the front of `text`; nullopt when something else is there.
std::optional<std::string> TakeLine(std::string_view name, std::string_view* text) {
  const size_t end = text->find('\n');
  if (end == std::string_view::npos || !text->starts_with(name)) return std::nullopt;
  const std::string_view line = text->substr(0, end);
  if (line.size() <= name.size() || line[name.size()] != ' ') return std::nullopt;
  text->remove_prefix(end + 1);
  return std::string(line.substr(name.size() + 1));
}

std::optional<Revision> TakeRevision(std::string_view name, std::string_view* text) {
  const std::optional<std::string> value = TakeLine(name, text);
  Revision revision = 0;
  if (!value) return std::nullopt;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), revision);
  if (error != std::errc() || end != value->data() + value->size()) return std::nullopt;
  return revision;
}

}  // namespace

std::string EncodeMark(const MarkState& state) {
  const std::string text =
      fmt::format("{}epoch {}\ndurable {}\nceiling {}\nclean {}\n", kTitle, state.epoch,
                  state.durable, state.ceiling, state.clean ? 1 : 0);
  return fmt::format("{}sum {:016x}\n", text, Sum(text));
}

absl::StatusOr<MarkState> DecodeMark(std::string_view text) {
  std::string_view rest = text;
  if (rest.starts_with(kTitle)) rest.remove_prefix(kTitle.size());
  const auto epoch = TakeLine("epoch", &rest);
  const auto durable = TakeRevision("durable", &rest);
  const auto ceiling = TakeRevision("ceiling", &rest);
  const auto clean = TakeRevision("clean", &rest);
  if (!epoch || !durable || !ceiling || !clean) return DataLoss("it is damaged");
  MarkState state{*epoch, *durable, *ceiling, *clean == 1};
  // The sum covers every byte before it, so writing the state again must give the same text.
  if (EncodeMark(state) != text) return DataLoss("its sum is wrong");
  return state;
}

absl::StatusOr<std::unique_ptr<FileMark>> FileMark::Open(std::string path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  std::optional<MarkState> found;
  if (!absl::IsNotFound(text.status())) {
    RETURN_IF_ERROR(text.status());
    absl::StatusOr<MarkState> state = DecodeMark(*text);
    if (!state.ok()) return Annotate(state.status(), "reading the mark " + path);
    found = *std::move(state);
  }
  return std::unique_ptr<FileMark>(new FileMark(std::move(path), std::move(found)));
}

FileMark::~FileMark() { Stop(); }

absl::Status FileMark::Start(const std::string& epoch, Revision durable) {
  const MarkState state{epoch, durable, durable + kRevisionsReserved, /*clean=*/false};
  RETURN_IF_ERROR(ReplaceFile(path_, EncodeMark(state)));
  {
    MutexLock lock(&mu_);
    state_ = state;
    ceiling_on_disk_ = state.ceiling;
  }
  thread_ = std::make_unique<Thread>("store-mark", [this] { Run(); });
  return absl::OkStatus();
}

void FileMark::Raise(Revision durable) {
  MutexLock lock(&mu_);
  state_.durable = std::max(state_.durable, durable);
  if (state_.ceiling - state_.durable < kRevisionsReserved / 2) {
    state_.ceiling = state_.durable + kRevisionsReserved;
  }
  dirty_ = true;
  changed_.Signal();
}

Revision FileMark::ceiling() const {
  MutexLock lock(&mu_);
  return ceiling_on_disk_;
}

void FileMark::Run() {
  MarkState state;
  while (NextToWrite(&state)) Written(state, ReplaceFile(path_, EncodeMark(state)));
}

bool FileMark::NextToWrite(MarkState* state) {
  MutexLock lock(&mu_);
  while (!dirty_ && !stopping_) changed_.Wait(&mu_);
  if (stopping_) return false;
  dirty_ = false;
  *state = state_;
  return true;
}

void FileMark::Written(const MarkState& state, const absl::Status& status) {
  if (!status.ok())
    Log(LogLevel::kError, "the store's mark was not written", {{"error", Message(status)}});
  MutexLock lock(&mu_);
  if (status.ok()) ceiling_on_disk_ = state.ceiling;
  dirty_ = dirty_ || !status.ok();
  if (!stopping_) stopped_.WaitFor(&mu_, absl::ToChronoNanoseconds(kMarkPeriod));
}

void FileMark::Stop() {
  {
    MutexLock lock(&mu_);
    stopping_ = true;
  }
  changed_.SignalAll();
  stopped_.SignalAll();
  thread_.reset();
}

void FileMark::Close(Revision durable) {
  Stop();
  MutexLock lock(&mu_);
  const MarkState state{state_.epoch, durable, durable, /*clean=*/true};
  const absl::Status status = ReplaceFile(path_, EncodeMark(state));
  if (!status.ok()) {
    Log(LogLevel::kError, "the store's mark was not closed", {{"error", Message(status)}});
  }
}

}  // namespace reeve::store
