// topology.changed.v1.
#pragma once

#include <string>

#include "discovery/domain/topology.h"

namespace imece::discovery {

/// The bytes of an imece.discovery.v1.TopologyChanged.
std::string encode_delta(const Delta& delta);

}  // namespace imece::discovery
