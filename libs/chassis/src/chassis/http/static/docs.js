// Starts the OpenAPI page from the document named in the page itself; asks no other host for anything.
window.ui = SwaggerUIBundle({
  url: document.getElementById("docs").dataset.document,
  domNode: document.getElementById("docs"),
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
