// Runs at the edge on requests for WebSockets: a token in the address moves into the header that carries tokens everywhere else, so that
// no load balancer and no proxy behind the edge writes it into its log. CloudFront's own JavaScript: no modules, no imports.
// biome-ignore lint/correctness/noUnusedVariables: CloudFront calls it by this name.
function handler(event) {
  var request = event.request;
  var token = request.querystring.token;
  if (!token) return request;
  if (!request.headers.authorization) request.headers.authorization = { value: `Bearer ${decodeURIComponent(token.value)}` };
  delete request.querystring.token;
  return request;
}
