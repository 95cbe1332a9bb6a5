// A site of its own for a benchmark: `imece serve` on free ports, its operator, its devices.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "bench/process.h"
#include "sdk/cpp/device.h"
#include "sdk/cpp/endpoint.h"

namespace imece::bench {

/// A directory that goes with its owner, beside the programs: on a disk, where /tmp may be memory.
class WorkDir {
public:
    WorkDir();
    ~WorkDir();
    WorkDir(const WorkDir&) = delete;
    WorkDir& operator=(const WorkDir&) = delete;
    const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

struct EnrolledDevice {
    sdk::Device device;
    std::string token;
};

/// Serves with the limits that are shipped, but for `more` options.
class Site {
public:
    /// Without a gateway when `more` leaves it out: then ready() is not to be asked.
    explicit Site(std::vector<std::string> more = {});

    /// Starts it on what its data directory holds; the seconds until /readyz.
    Result<double> start();
    /// Starts it without waiting.
    Status launch();
    /// SIGTERM; the seconds until it was gone.
    double stop() { return process_->stop(); }

    /// Makes the operator, through the one-time link. `url`: of another process's gateway.
    Status make_operator(const std::string& url = {});
    /// New devices, signed in, with a right to all classes.
    Result<std::vector<EnrolledDevice>> enrol(std::size_t count);
    const std::string& operator_token() const { return operator_token_; }

    const Process& process() const { return *process_; }
    const std::string& http_port() const { return http_port_; }
    const std::string& grpc_port() const { return grpc_port_; }
    sdk::Endpoint endpoint() const;
    const std::filesystem::path& data() const { return dir_.path(); }

private:
    WorkDir dir_;
    std::vector<std::string> more_;
    std::string http_port_ = free_port();
    std::string grpc_port_ = free_port();
    std::unique_ptr<Process> process_;
    std::string url_;
    std::string operator_token_;
};

/// The folder of the programs that were built with this one.
std::filesystem::path programs();

}  // namespace imece::bench
