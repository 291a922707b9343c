// A stand-in for Facebook's JavaScript SDK: FB.init and FB.login, as far as Embedded Signup needs them.
(function () {
  "use strict";
  var origin = new URL(document.currentScript.src).origin;
  var options = {};

  function popupUrl(request) {
    var query = new URLSearchParams({
      app_id: options.appId || "",
      config_id: request.config_id || "",
      response_type: request.response_type || "token",
      extras: JSON.stringify(request.extras || {}),
      opener: window.location.origin,
    });
    return origin + "/dialog/signup?" + query;
  }

  function login(callback, request) {
    var popup = window.open(popupUrl(request || {}), "simulated-signup", "width=600,height=720");
    var done = false;

    function finish(answer) {
      if (done) return;
      done = true;
      window.removeEventListener("message", hear);
      callback(answer);
    }
    function hear(event) {
      if (event.origin !== origin || !event.data || event.data.from !== "simulated-sdk") return;
      finish(event.data.code
        ? { status: "connected", authResponse: { code: event.data.code, userID: null, accessToken: null } }
        : { status: "unknown", authResponse: null });
    }
    window.addEventListener("message", hear);
    if (!popup) finish({ status: "unknown", authResponse: null });
  }

  window.FB = {
    init: function (given) { options = given || {}; },
    login: login,
    getLoginStatus: function (callback) { callback({ status: "unknown", authResponse: null }); },
  };
  if (typeof window.fbAsyncInit === "function") window.fbAsyncInit();
})();
