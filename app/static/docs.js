"use strict";

const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapi,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // The default sends the document's address to a validator on another host.
  validatorUrl: null,
});
