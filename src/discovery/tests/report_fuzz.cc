// Any bytes as a report: refused, or taken by the topology without harm.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "discovery/adapters/rpc/report_codec.h"
#include "discovery/domain/topology.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace imece::discovery;
    const imece::TimePoint now = imece::from_unix_ms(1'675'646'254'000);
    const auto report = decode_report({data, size});
    if (!report) return 0;
    const auto good = checked(*report, now, ReportLimits{});
    if (!good) return 0;
    Topology topology(Timing{}, TopologyLimits{});
    if (!topology.report(*good, heard_at(*good, now, false), now)) return 0;
    IMECE_ASSERT(topology.snapshot().nodes.size() == 1);
    IMECE_ASSERT(!topology.report(*good, now, now));
    topology.tick(now + std::chrono::hours(24 * 60));
    IMECE_ASSERT(topology.snapshot().nodes.empty());
    return 0;
}
