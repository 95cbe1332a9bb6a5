#include "bench/site.h"

#include <boost/asio/io_context.hpp>
#include <fstream>

#include "base/assert.h"
#include "base/result.h"
#include "sdk/cpp/api.h"

namespace imece::bench {
namespace {

namespace fs = std::filesystem;
namespace type = imece::type::v1;

constexpr const char* kOperator = "operator";
constexpr const char* kPassword = "correct horse battery staple";
constexpr std::size_t kEnrolAtOnce = 16;

/// The last word of the link that the first start left.
Result<std::string> setup_token(const fs::path& data) {
    std::ifstream file(data / "setup-link");
    std::string link;
    file >> link;
    const std::size_t begin = link.find_last_of("=#/") + 1;
    if (begin == 0 || begin == link.size())
        return fail(ErrorCode::kPermissionDenied, "SETUP_TOKEN_INVALID",
                    "the site left no set-up link");
    return link.substr(begin);
}

}  // namespace

WorkDir::WorkDir() {
    std::string pattern = (programs() / "bench-XXXXXX").string();
    IMECE_ASSERT(mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
}

WorkDir::~WorkDir() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

Site::Site(std::vector<std::string> more)
    : more_(std::move(more)), url_("http://127.0.0.1:" + http_port_) {}

Status Site::launch() {
    Command command{.program = programs() / "imece",
                    .arguments = {"serve", "--data", dir_.path().string(), "--http",
                                  "127.0.0.1:" + http_port_, "--grpc", "127.0.0.1:" + grpc_port_},
                    .log = dir_.path() / "server.log"};
    command.arguments.insert(command.arguments.end(), more_.begin(), more_.end());
    IMECE_TRY(Process process, Process::start(command));
    process_ = std::make_unique<Process>(std::move(process));
    return {};
}

Result<double> Site::start() {
    const auto began = std::chrono::steady_clock::now();
    IMECE_CHECK(launch());
    return wait_until_ready(*process_, http_port_, "/readyz", began);
}

sdk::Endpoint Site::endpoint() const {
    return *sdk::Endpoint::parse(url_);
}

Status Site::make_operator(const std::string& url) {
    if (!url.empty()) url_ = url;
    IMECE_TRY(const std::string token, setup_token(dir_.path()));
    sdk::Api api(endpoint());
    IMECE_TRY(const auto user, api.set_up(token, kOperator, kPassword));
    IMECE_TRY(const auto session, api.login(kOperator, kPassword));
    operator_token_ = session.access_token();
    return {};
}

Result<std::vector<EnrolledDevice>> Site::enrol(std::size_t count) {
    sdk::Api api(endpoint());
    api.set_token(operator_token_);
    imece::identity::v1::CreateEnrolmentTokenRequest wanted;
    wanted.set_quota(std::uint32_t(count));
    for (int priority = type::LIFE_CRITICAL; priority <= type::MAINTENANCE; ++priority)
        wanted.add_classes(type::Priority(priority));
    wanted.add_network_roles(type::ENDPOINT);
    IMECE_TRY(const auto enrolment, api.create_enrolment_token(wanted));

    SystemRandom random;
    std::vector<EnrolledDevice> devices;
    for (std::size_t i = 0; i < count; ++i) devices.push_back({sdk::Device::create(random), {}});
    boost::asio::io_context io;
    sdk::AsyncApi calls(io, endpoint(), {.connections = kEnrolAtOnce, .waiting_max = 2 * count});
    Status failed;
    for (EnrolledDevice& one : devices) {
        calls.enrol(one.device, enrolment.token(), "bench", [&](auto enrolled, const auto&) {
            if (enrolled)
                failed = failed ? one.device.set_credential(enrolled->credential()) : failed;
            if (!enrolled) failed = std::unexpected(enrolled.error());
            if (!failed) return io.stop();
            calls.sign_in(one.device, [&](auto session, const auto&) {
                if (session) one.token = session->session().access_token();
                if (!session) failed = std::unexpected(session.error());
                const auto waits = [](const EnrolledDevice& other) { return other.token.empty(); };
                if (!failed || std::ranges::none_of(devices, waits)) io.stop();
            });
        });
    }
    io.run();
    IMECE_CHECK(failed);
    return devices;
}

fs::path programs() {
    return fs::read_symlink("/proc/self/exe").parent_path();
}

}  // namespace imece::bench
