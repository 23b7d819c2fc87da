SwaggerUIBundle({
  dom_id: "#api",
  // Beside the page, wherever the application is mounted.
  url: "openapi.json",
  deepLinking: true,
  // Nothing is asked of anybody else, and nobody's link shows another document here.
  validatorUrl: null,
  queryConfigEnabled: false,
});
