// imece ca show, issue, list, revoke, crl.
#include <fstream>
#include <iterator>

#include "base/result.h"
#include "imece/cli/add_command.h"
#include "imece/cli/commands.h"
#include "imece/security/v1/security.grpc.pb.h"
#include "runtime/rpc/time.h"

namespace imece::cli {
namespace {

namespace pb = imece::security::v1;
using Certificates = pb::CertificateService::Stub;

constexpr std::uint32_t kPage = 500;

struct Options {
    ServerOptions server;
    SignInOptions sign_in;
    std::string as, csr, service, out, serial;
    bool json = false;
};

Result<std::string> read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (!in || text.empty())
        return fail(ErrorCode::kInvalidArgument, "FILE_UNUSABLE", "cannot read " + path);
    return text;
}

/// Into the file that was asked for; else on standard output.
Status give(Shell& shell, const Options& options, std::string_view bytes) {
    if (options.out.empty()) {
        shell.out << bytes;
        return {};
    }
    return write_private(options.out, bytes);
}

Status show(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_TRY(const auto bundle,
              backend.call(&Certificates::GetCaBundle, pb::GetCaBundleRequest{}));
    return give(shell, options, options.json ? json_of(bundle) + "\n" : bundle.pem());
}

Status crl(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_TRY(const auto list,
              backend.call(&Certificates::GetRevocationList, pb::GetRevocationListRequest{}));
    return give(shell, options, options.json ? json_of(list) + "\n" : list.der());
}

Status issue(Shell& shell, const Options& options) {
    pb::IssueCertificateRequest request;
    IMECE_TRY(*request.mutable_csr_pem(), read_file(options.csr));
    request.set_service(options.service);
    IMECE_TRY(Backend backend, Backend::open(options.server));
    if (options.as.empty()) {
        IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    } else {
        IMECE_TRY(sdk::Device device, sdk::Device::load(options.as));
        IMECE_CHECK(backend.sign_in(device));
        IMECE_CHECK(device.save(options.as));  // The fresh credential.
    }
    IMECE_TRY(const auto issued, backend.call(&Certificates::IssueCertificate, request));
    return give(shell, options, options.json ? json_of(issued) + "\n" : issued.pem());
}

void add_row(std::vector<std::vector<std::string>>& rows, const pb::Certificate& certificate) {
    rows.push_back({certificate.serial(), certificate.spiffe_id(),
                    to_rfc3339(runtime::from_proto(certificate.not_after())),
                    certificate.has_revoked_at()
                        ? to_rfc3339(runtime::from_proto(certificate.revoked_at()))
                        : "-"});
}

Status list(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    std::vector<std::vector<std::string>> rows{{"SERIAL", "NAME", "UNTIL", "REVOKED"}};
    pb::ListCertificatesRequest request;
    request.set_page_size(kPage);
    do {
        IMECE_TRY(const auto page, backend.call(&Certificates::ListCertificates, request));
        for (const auto& certificate : page.certificates())
            if (options.json)
                shell.out << json_of(certificate) << '\n';
            else
                add_row(rows, certificate);
        request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    if (!options.json) print_table(shell.out, rows);
    return {};
}

Status revoke(Shell& shell, const Options& options) {
    IMECE_TRY(Backend backend, Backend::open(options.server));
    IMECE_CHECK(backend.sign_in(shell, options.sign_in));
    pb::RevokeCertificateRequest request;
    request.set_serial(options.serial);
    IMECE_TRY(const auto revoked, backend.call(&Certificates::RevokeCertificate, request));
    if (options.json)
        shell.out << json_of(revoked) << '\n';
    else
        shell.out << "revoked " << revoked.spiffe_id() << ", serial " << revoked.serial() << '\n';
    return {};
}

}  // namespace

void add_ca(CLI::App& app, Shell& shell) {
    CLI::App& group = *app.add_subcommand("ca", "The site's certificate authority");
    group.require_subcommand(1);
    const auto add = [&](auto&&... rest) { add_command<Options>(group, shell, rest...); };
    const auto out = [](CLI::App& command, Options& options) {
        command.add_option("--out", options.out, "into this file, mode 0600, not on the terminal");
    };
    add("show", "Print the root's certificate: what peers of the site trust",
        "imece ca show --out root.pem", show, out);
    add("issue", "Get a certificate for a PKCS#10 request, with the intermediate behind it",
        "imece ca issue --csr messaging.csr --service messaging --out messaging.pem", issue,
        [&](CLI::App& command, Options& options) {
            command.add_option("--csr", options.csr, "the request, PEM")->required();
            command.add_option("--service", options.service, "the service that it is for");
            command.add_option("--as", options.as,
                               "the device (its file) that asks, for its own key");
            out(command, options);
        });
    add("list", "List what was issued", "imece ca list", list, [](CLI::App&, Options&) {});
    add("revoke", "End a certificate before its time", "imece ca revoke 4f…", revoke,
        [](CLI::App& command, Options& options) {
            command.add_option("SERIAL", options.serial, "32 hex digits")->required();
        });
    add("crl", "Get the revocation list, DER", "imece ca crl --out site.crl", crl, out);
}

}  // namespace imece::cli
