// Shows the server's own document. Nothing is asked of any other host.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#explorer",
  validatorUrl: null,
  deepLinking: true,
  filter: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  defaultModelExpandDepth: 2,
  displayRequestDuration: true,
});
