#include "sdk/cpp/tests/fake_http_server.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace imece::sdk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using boost::system::error_code;

/// A P-256 key and its self-signed certificate for "localhost", as PEM.
struct Certificate {
    std::string key;
    std::string certificate;

    Certificate() {
        EVP_PKEY* const pair = EVP_EC_gen("P-256");
        X509* const x509 = X509_new();
        X509_set_version(x509, 2);
        ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
        X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
        X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
        X509_set_pubkey(x509, pair);
        X509_NAME* const name = X509_get_subject_name(x509);
        const auto* const text = reinterpret_cast<const unsigned char*>("localhost");
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
        X509_set_issuer_name(x509, name);
        for (const auto& [nid, value] : {std::pair(NID_subject_alt_name, "DNS:localhost"),
                                         std::pair(NID_basic_constraints, "critical,CA:TRUE")}) {
            X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value);
            X509_add_ext(x509, extension, -1);
            X509_EXTENSION_free(extension);
        }
        X509_sign(x509, pair, EVP_sha256());
        key = pem([&](BIO* out) {
            PEM_write_bio_PrivateKey(out, pair, nullptr, nullptr, 0, nullptr, nullptr);
        });
        certificate = pem([&](BIO* out) { PEM_write_bio_X509(out, x509); });
        X509_free(x509);
        EVP_PKEY_free(pair);
    }
    template <class Write>
    static std::string pem(const Write& write) {
        BIO* const out = BIO_new(BIO_s_mem());
        write(out);
        char* data = nullptr;
        const long size = BIO_get_mem_data(out, &data);
        std::string text(data, std::size_t(size));
        BIO_free(out);
        return text;
    }
};

class Server final : public FakeHttpServer {
public:
    Server(Answer answer, std::shared_ptr<asio::ssl::context> tls)
        : answer_(std::move(answer)),
          tls_(std::move(tls)),
          acceptor_(io_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          port_(acceptor_.local_endpoint().port()),
          thread_([this] { accept(); }) {}
    ~Server() override {
        {
            const std::lock_guard lock(mutex_);
            stopping_ = true;
            for (const int socket : open_) shutdown(socket, SHUT_RDWR);
        }
        shutdown(acceptor_.native_handle(), SHUT_RDWR);
        thread_.join();
        sessions_.clear();
    }
    int port() const override { return port_; }
    int connections() const override { return connections_; }

private:
    void accept() {
        for (;;) {
            tcp::socket socket(io_);
            error_code bad;
            acceptor_.accept(socket, bad);
            const std::lock_guard lock(mutex_);
            if (bad || stopping_) return;
            ++connections_;
            open_.insert(socket.native_handle());
            sessions_.emplace_back([this, moved = std::move(socket)]() mutable {
                const int handle = moved.native_handle();
                serve(moved);
                const std::lock_guard gone(mutex_);
                open_.erase(handle);
                moved.close();
            });
        }
    }
    void serve(tcp::socket& socket) {
        if (!tls_) return talk(socket);
        asio::ssl::stream<tcp::socket&> stream(socket, *tls_);
        error_code bad;
        stream.handshake(asio::ssl::stream_base::server, bad);
        if (!bad) talk(stream);
    }
    template <class Stream>
    void talk(Stream& stream) {
        beast::flat_buffer buffer;
        for (;;) {
            HttpRequest request;
            error_code bad;
            http::read(stream, buffer, request, bad);
            if (bad) return;
            const FakeReply reply = answer_(request);
            if (reply.hang_up) return;
            HttpResponse response(http::status(reply.status), 11, reply.body);
            response.keep_alive(true);
            if (!reply.retry_after.empty())
                response.set(http::field::retry_after, reply.retry_after);
            response.prepare_payload();
            http::write(stream, response, bad);
            if (bad || reply.close_after) return;
        }
    }

    const Answer answer_;
    const std::shared_ptr<asio::ssl::context> tls_;
    asio::io_context io_;
    tcp::acceptor acceptor_;
    const int port_;
    std::mutex mutex_;
    bool stopping_ = false;
    std::set<int> open_;
    std::vector<std::jthread> sessions_;
    std::atomic<int> connections_ = 0;
    std::thread thread_;
};

}  // namespace

std::unique_ptr<FakeHttpServer> make_fake_http_server(Answer answer) {
    return std::make_unique<Server>(std::move(answer), nullptr);
}

std::unique_ptr<FakeHttpServer> make_fake_https_server(Answer answer,
                                                       const std::filesystem::path& ca_file) {
    const Certificate made;
    auto tls = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
    tls->use_certificate_chain(asio::buffer(made.certificate));
    tls->use_private_key(asio::buffer(made.key), asio::ssl::context::pem);
    FILE* const out = std::fopen(ca_file.c_str(), "w");
    std::fputs(made.certificate.c_str(), out);
    std::fclose(out);
    return std::make_unique<Server>(std::move(answer), std::move(tls));
}

}  // namespace imece::sdk
