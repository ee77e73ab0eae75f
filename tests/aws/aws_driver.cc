// SPDX-License-Identifier: Apache-2.0
//
// What tests/end_to_end/aws_*_test.py compare and drive: reads a request a line as JSON, prints its result a line as
// JSON.
//
//   {"do":"sign", request.., "key":..,"secret":..,"token":..,"region":..,"service":..,"at":SECONDS} ->
//   {"headers":[[n,v]..]}
//   {"do":"endpoint","service":"kinesis","region":..,"environment":{..}}                            -> {"url":..}
//   {"do":"send", request.., "direct":bool,"end_within":MS,"body_bytes_max":N,"ca_file":..}         ->
//   {"status":..,"headers":..,"body":..} request: "method":..,"url":..,"headers":[[n,v]..],"body":..
//
// An error is {"error":message,"retry":bool}.
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "aws/endpoint.h"
#include "aws/http.h"
#include "aws/signature.h"
#include "base/clock.h"

namespace dynatlas {

namespace {

using nlohmann::json;

json headers_of(const std::vector<HttpHeader>& headers) {
  json list = json::array();
  for (const HttpHeader& header : headers) list.push_back({header.name, header.value});
  return list;
}

HttpRequest request_of(const json& task) {
  HttpRequest request;
  request.method = task.at("method");
  request.url = task.at("url");
  request.body = task.at("body");
  for (const json& header : task.at("headers")) request.headers.push_back({header.at(0), header.at(1)});
  request.direct = task.value("direct", false);
  request.end_within = std::chrono::milliseconds(task.value("end_within", 60000));
  request.body_bytes_max = task.value("body_bytes_max", request.body_bytes_max);
  return request;
}

json error_of(const Error& error) { return {{"error", error.message}, {"retry", error.kind == ErrorKind::retry}}; }

json sign(const json& task) {
  HttpRequest request = request_of(task);
  sign_request(request, {task.at("key"), task.at("secret"), task.at("token"), {}, {}},
               {task.at("region"), task.at("service")}, Clock::Time(std::chrono::seconds(task.at("at").get<int>())));
  return {{"headers", headers_of(request.headers)}};
}

// Kept by their certificates, as the program keeps one: what is sent twice goes over one connection.
Result<HttpClient*> client_for(const std::string& ca_file) {
  static std::map<std::string, std::unique_ptr<HttpClient>> clients;
  std::unique_ptr<HttpClient>& client = clients[ca_file];
  if (client == nullptr) {
    ASSIGN_OR_RETURN(client, open_http({ca_file}));
  }
  return client.get();
}

json send(const json& task) {
  const auto client = client_for(task.value("ca_file", ""));
  if (!client) return error_of(client.error());
  const auto response = (*client)->send(request_of(task));
  if (!response) return error_of(response.error());
  return {{"status", response->status}, {"headers", headers_of(response->headers)}, {"body", response->body}};
}

// Nobody is asked anything here.
class NoHttp : public HttpClient {
  Result<HttpResponse> send(const HttpRequest& /*request*/) override { return retry("no network"); }
};

json endpoint(const json& task) {
  const std::map<std::string, Service> services = {
      {"dynamodb", Service::dynamodb}, {"dynamodbstreams", Service::dynamodb_streams},
      {"kinesis", Service::kinesis},   {"secretsmanager", Service::secrets_manager},
      {"ssm", Service::ssm},           {"sts", Service::sts}};
  const std::map<std::string, std::string> variables = task.at("environment");
  NoHttp http;
  const Surroundings around{[&](const std::string& name) -> std::optional<std::string> {
                              const auto found = variables.find(name);
                              return found == variables.end() ? std::nullopt : std::optional(found->second);
                            },
                            http, system_clock(), 1};
  const auto context = read_context({}, around);
  if (!context) return error_of(context.error());
  const auto found = find_endpoint(*context, services.at(task.at("service")), task.at("region"));
  return found ? json{{"url", found->url}} : error_of(found.error());
}

json answer(const json& task) {
  const std::string what = task.at("do");
  if (what == "sign") return sign(task);
  return what == "send" ? send(task) : endpoint(task);
}

}  // namespace

}  // namespace dynatlas

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    std::cout << dynatlas::answer(nlohmann::json::parse(line)).dump() << std::endl;
  }
}
