// Runs at the edge on requests for the web apps: a path without a file ending is a page of an app, whose index.html decides what to show.
// CloudFront's own JavaScript: no modules, no imports.
// biome-ignore lint/correctness/noUnusedVariables: CloudFront calls it by this name.
function handler(event) {
  var request = event.request;
  var last = request.uri.split("/").pop();
  if (last.includes(".")) return request;
  // The guide has a policy of its own, for which its address ends in a slash.
  if (request.uri === "/guide")
    return { statusCode: 308, statusDescription: "Permanent Redirect", headers: { location: { value: "/guide/" } } };
  if (request.uri.startsWith("/guide/")) {
    request.uri = `${request.uri.replace(/\/$/, "")}/index.html`;
    return request;
  }
  var app = /^\/(cafe|pos)(\/|$)/.exec(request.uri);
  request.uri = app ? `/${app[1]}/index.html` : "/index.html";
  return request;
}
