#include "runtime/rpc/process_service.h"

#include <mutex>

#include "base/result.h"
#include "imece/process/v1/process.grpc.pb.h"
#include "runtime/observe/log.h"
#include "runtime/rpc/door.h"

namespace imece::runtime {
namespace {

namespace pb = imece::process::v1;
using std::chrono::seconds;

constexpr seconds kDurationUsual{15 * 60};

/// The contract counts from one on: its zero is "unspecified".
pb::LogLevel to_proto(LogLevel level) {
    return pb::LogLevel(int(level) + 1);
}
static_assert(int(LogLevel::kError) + 1 == int(pb::ERROR));

void fill(pb::LogLevelInForce& out) {
    const LogLevels::InForce now = log_level();
    out.set_level(to_proto(now.level));
    out.set_usual_level(to_proto(now.usual));
    out.set_seconds_left(std::uint32_t(std::chrono::ceil<seconds>(now.left).count()));
}

class ProcessService final : public pb::ProcessService::Service {
public:
    ProcessService(Door& door, std::function<Result<Backup>()> back_up)
        : door_(door), back_up_(std::move(back_up)) {}

    grpc::Status BackUp(grpc::ServerContext* context, const pb::BackUpRequest* request,
                        pb::Backup* response) override {
        return door_.unary(*context, *request, [&](const Call& call) -> Status {
            const std::unique_lock one(backup_mutex_, std::try_to_lock);
            if (!one)
                return fail(ErrorCode::kFailedPrecondition, "BACKUP_UNDER_WAY",
                            "a backup is being made");
            IMECE_TRY(const Backup made, back_up_());
            log(LogLevel::kInfo, "backed_up",
                {{"path", made.path.string()},
                 {"files", made.files},
                 {"bytes", made.bytes},
                 {"sums_sha256", made.sums_sha256},
                 {"by", call.principal.subject}});
            response->set_path(made.path.string());
            response->set_sums_sha256(made.sums_sha256);
            response->set_files(made.files);
            response->set_bytes(made.bytes);
            return {};
        });
    }

    grpc::Status GetLogLevel(grpc::ServerContext* context, const pb::GetLogLevelRequest* request,
                             pb::LogLevelInForce* response) override {
        return door_.unary(*context, *request, [&](const Call&) -> Status {
            fill(*response);
            return {};
        });
    }

    grpc::Status SetLogLevel(grpc::ServerContext* context, const pb::SetLogLevelRequest* request,
                             pb::LogLevelInForce* response) override {
        return door_.unary(*context, *request, [&](const Call& call) -> Status {
            const seconds duration =
                request->duration_s() == 0 ? kDurationUsual : seconds(request->duration_s());
            // Who made the log silent stands in it: this line is written at any level.
            set_log_level(LogLevel::kWarn, seconds(1));
            log(LogLevel::kWarn, "log_level_changed",
                {{"to", pb::LogLevel_Name(request->level())},
                 {"seconds", std::int64_t(duration.count())},
                 {"by", call.principal.subject}});
            set_log_level(LogLevel(int(request->level()) - 1), duration);
            fill(*response);
            return {};
        });
    }

private:
    Door& door_;
    std::function<Result<Backup>()> back_up_;
    std::mutex backup_mutex_;
};

}  // namespace

std::unique_ptr<grpc::Service> make_process_service(Door& door,
                                                    std::function<Result<Backup>()> back_up) {
    return std::make_unique<ProcessService>(door, std::move(back_up));
}

}  // namespace imece::runtime
