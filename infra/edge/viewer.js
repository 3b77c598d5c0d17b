// Runs at the edge before every request to the application. Tells it, and the firewall, who is asking: a visitor can
// send any header, so this one is always overwritten. Unlike CloudFront-Viewer-Address it has no port in it.
function handler(event) {
  var request = event.request;
  request.headers['x-viewer-address'] = { value: event.viewer.ip };
  return request;
}
