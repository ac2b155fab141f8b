// Which port an Instance has, may have, or why it has none. Pure; used by the port and the instance
// reconciler alike, so that what one does not do, the other can explain.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/runtime/world.h"
#include "reeve/v1/host.pb.h"
#include "reeve/v1/instance.pb.h"
#include "reeve/v1/port.pb.h"

namespace reeve::controllers {

struct Range {
  int first = 20000;
  int last = 29999;
};
Range RangeOf(const v1::Host& host);

// "<host>-tcp-<number>".
std::string PortName(const std::string& host, int number);
bool IsHeld(const v1::Port& port);

// The port that the instance should use and holds; 0 when there is none yet. An explicit number
// counts only itself. While it holds several, it is moving on to the one returned.
int PortOf(const World& world, const v1::Instance& instance);
// Its host refused the port that it was given because somebody else listens there, and lists that
// listener: it gets another one. Never true of an explicit number.
bool IsSpoiled(const World& world, const v1::Instance& instance);

struct PortRefusal {
  std::string reason;   // PortOutOfRange, PortHeld, PortInUse, NoPort.
  std::string message;  // Names the holder.
};
// Why `instance`, which holds no port on `host`, cannot be given one now.
std::optional<PortRefusal> WhyNoPort(const World& world, const v1::Host& host,
                                     const v1::Instance& instance);

// The number that is next for an instance without an explicit one: the lowest of the range that
// nobody holds, listens on or asks for, and that is not in `taken`. 0 when there is none.
int LowestFreePort(const World& world, const v1::Host& host, const std::vector<int>& taken);

}  // namespace reeve::controllers
