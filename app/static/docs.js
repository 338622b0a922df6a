"use strict";

const place = document.getElementById("swagger-ui");

SwaggerUIBundle({
  domNode: place,
  url: place.dataset.openapi,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // The words of enums stand in `x-enum-words`.
  showExtensions: true,
  // The default sends the document's address to a validator on another host.
  validatorUrl: null,
});
