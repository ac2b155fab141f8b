#include "proto/schema/selector.h"

#include <algorithm>

#include "base/status.h"
#include "base/strings.h"
#include "proto/schema/formats.h"
#include "proto/schema/reflect.h"

namespace reeve::schema {
namespace {

using Op = Requirement::Op;
using Requirements = std::vector<Requirement>;

constexpr std::string_view kName = "metadata.name";
constexpr std::string_view kSpace = " \t\r\n";

// Reads label selectors: a=b, a==b, a!=b, a in (b,c), a notin (b), a, !a, with commas between them.
class SelectorParser {
 public:
  explicit SelectorParser(std::string_view text) : whole_(text), rest_(text) {}

  absl::StatusOr<Requirements> Parse() {
    Requirements all;
    if (Peek().empty()) return all;
    while (true) {
      ASSIGN_OR_RETURN(Requirement one, ParseOne());
      all.push_back(std::move(one));
      if (Peek().empty()) return all;
      if (!Take(",")) return Bad("expected ','");
    }
  }

 private:
  absl::StatusOr<Requirement> ParseOne() {
    const bool negated = Take("!");
    Requirement one = {.key = TakeWord()};
    if (const std::string why = WhyNotFormat(v1::LABEL_KEY, one.key); !why.empty())
      return Bad("a key " + why);
    if (negated || Peek().empty() || Peek().front() == ',') {
      one.op = negated ? Op::kNotExists : Op::kExists;
      return one;
    }
    RETURN_IF_ERROR(ParseValues(&one));
    for (const std::string& value : one.values) {
      if (const std::string why = WhyNotFormat(v1::LABEL_VALUE, value); !why.empty())
        return Bad("a value " + why);
    }
    std::sort(one.values.begin(), one.values.end());
    return one;
  }

  absl::Status ParseValues(Requirement* one) {
    if (Take("!="))
      one->op = Op::kNotIn;
    else if (!Take("==") && !Take("="))
      return ParseSet(one);
    one->values = {TakeWord()};
    return absl::OkStatus();
  }

  absl::Status ParseSet(Requirement* one) {
    const std::string word = TakeWord();
    if (word != "in" && word != "notin")
      return Bad("expected =, !=, in or notin after \"" + one->key + "\"");
    one->op = word == "in" ? Op::kIn : Op::kNotIn;
    if (!Take("(")) return Bad("expected '(' after \"" + word + "\"");
    do {
      one->values.push_back(TakeWord());
    } while (Take(","));
    return Take(")") ? absl::OkStatus() : Bad("expected ')'");
  }

  std::string_view Peek() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
    return rest_;
  }

  bool Take(std::string_view token) {
    if (!Peek().starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string TakeWord() {
    const std::string word(Peek().substr(0, Peek().find_first_of(" \t\r\n,=!()")));
    rest_.remove_prefix(word.size());
    return word;
  }

  absl::Status Bad(std::string_view why) const {
    return InvalidArgument("\"{}\" is not a label selector: {}", whole_, why);
  }

  const std::string_view whole_;
  std::string_view rest_;
};

// The dialect's spelling of a field path that the schema marks indexed; "" for others.
std::string IndexedPath(const Descriptor* message, std::string_view path) {
  std::vector<std::string> names;
  const FieldDescriptor* field = nullptr;
  for (const std::string& name : Split(path, '.')) {
    if (message == nullptr) return "";
    field = FindField(message, name);
    if (field == nullptr) return "";
    names.push_back(field->json_name());
    message = IsSubmessage(field) && !field->is_repeated() ? field->message_type() : nullptr;
  }
  return RulesOf(field).indexed() ? Join(names, ".") : "";
}

std::vector<std::string> IndexedFields(const Descriptor* message) {
  std::vector<std::string> paths;
  for (int i = 0; i < message->field_count(); ++i) {
    const FieldDescriptor* part = message->field(i);
    if (!IsSubmessage(part) || part->is_repeated()) continue;
    for (const std::string& name : FieldNames(part->message_type())) {
      const std::string path = IndexedPath(message, part->json_name() + "." + name);
      if (!path.empty()) paths.push_back(path);
    }
  }
  return paths;
}

absl::StatusOr<Requirement> ParseField(std::string_view term, const Kind& kind) {
  const size_t at = term.find_first_of("=!");
  const std::string_view path = Trim(term.substr(0, at));
  std::string_view rest = at == std::string_view::npos ? "" : term.substr(at);
  Requirement one = {.op = rest.starts_with("!=") ? Op::kNotIn : Op::kIn};
  const size_t operator_bytes = rest.starts_with("!=") || rest.starts_with("==") ? 2 : 1;
  if (!rest.starts_with("=") && !rest.starts_with("!=")) {
    return InvalidArgument("\"{}\" is not a field selector: expected field=value or field!=value",
                           term);
  }
  one.key = IndexedPath(kind.descriptor, path);
  if (one.key.empty()) {
    return InvalidArgument("field selector: {} cannot be selected by \"{}\", only by {}",
                           kind.plural, path, Join(IndexedFields(kind.descriptor), ", "));
  }
  one.values = {std::string(Trim(rest.substr(operator_bytes)))};
  // No name has a '*' in it.
  if (one.key == kName && one.op == Op::kIn && one.values[0].ends_with('*')) {
    one.op = Op::kPrefix;
    one.values[0].pop_back();
  }
  return one;
}

absl::StatusOr<Requirements> ParseFields(std::string_view text, const Kind& kind) {
  Requirements all;
  if (Trim(text).empty()) return all;
  for (const std::string& term : Split(text, ',')) {
    ASSIGN_OR_RETURN(Requirement one, ParseField(term, kind));
    all.push_back(std::move(one));
  }
  return all;
}

// As in Kubernetes, an object without the label satisfies != and notin.
bool Satisfies(const Requirement& one, const std::string* value) {
  const bool listed =
      value != nullptr && std::binary_search(one.values.begin(), one.values.end(), *value);
  switch (one.op) {
    case Op::kIn:
      return listed;
    case Op::kNotIn:
      return !listed;
    case Op::kExists:
      return value != nullptr;
    case Op::kPrefix:
      return value != nullptr && value->starts_with(one.values[0]);
    default:
      return value == nullptr;
  }
}

}  // namespace

absl::StatusOr<Matcher> Matcher::Parse(const v1::Selector& selector, const KindRegistry& registry) {
  Matcher matcher;
  matcher.kind_ = registry.FindByAlias(selector.kind());
  if (matcher.kind_ == nullptr) return InvalidArgument("unknown kind \"{}\"", selector.kind());
  matcher.ns_ = selector.namespace_();
  ASSIGN_OR_RETURN(matcher.labels_, SelectorParser(selector.labels()).Parse());
  ASSIGN_OR_RETURN(matcher.fields_, ParseFields(selector.fields(), *matcher.kind_));
  return matcher;
}

std::string Matcher::RequiredField(std::string_view field) const {
  for (const Requirement& one : fields_) {
    if (one.key == field && one.op == Op::kIn) return one.values[0];
  }
  return "";
}

std::string Matcher::NamePrefix() const {
  for (const Requirement& one : fields_) {
    if (one.op == Op::kPrefix) return one.values[0];
  }
  return "";
}

bool Matcher::Matches(const Message& object) const {
  if (Inner(object).GetDescriptor() != kind_->descriptor) return false;
  const v1::ObjectMeta& meta = Meta(object);
  if (!ns_.empty() && meta.namespace_() != ns_) return false;
  for (const Requirement& one : labels_) {
    const auto found = meta.labels().find(one.key);
    if (!Satisfies(one, found == meta.labels().end() ? nullptr : &found->second)) return false;
  }
  for (const Requirement& one : fields_) {
    const std::string value = ValueAt(object, one.key);  // An unset field equals "".
    if (!Satisfies(one, &value)) return false;
  }
  return true;
}

}  // namespace reeve::schema
