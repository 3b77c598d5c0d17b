// Runs at the edge before every request for the console. Its pages exist in the browser only: every address without
// a file ending gets the one page there is. Done here because an error page for "not found" would also hide the
// application's own.
function handler(event) {
  var request = event.request;
  var last = request.uri.substring(request.uri.lastIndexOf('/') + 1);
  if (last.indexOf('.') === -1) {
    request.uri = '/console/index.html';
  }
  return request;
}
