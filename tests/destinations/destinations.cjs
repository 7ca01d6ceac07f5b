// Gives the lines of a segment-calls.ndjson to destinations of Segment as Segment publishes them, and tells which
// requests each would make. Nothing is sent: their HTTP client is replaced. A call is taken if a request names its
// shopper. Exits 1 if a destination takes a call otherwise than TABLE says. `make destinations` runs it.
"use strict";

const fs = require("node:fs");
const fetching = require("cross-fetch");

let requests = [];

async function keep(url, options = {}) {
  const asked = url instanceof fetching.Request ? url.clone() : new fetching.Request(url, options);
  requests.push({ method: asked.method, url: asked.url, body: decodeURIComponent(await asked.text()) });
  const body = JSON.stringify({ ok: true, status: "success", message: "success", data: {}, cohorts: [] });
  return new fetching.Response(body, { status: 200, headers: { "content-type": "application/json" } });
}

const { Response, Request, Headers } = fetching;
require.cache[require.resolve("cross-fetch")].exports = Object.assign(keep, { default: keep, fetch: keep, Response, Request, Headers });
const { createTestIntegration } = require("@segment/actions-core");

const BRAZE = { app_id: "a", api_key: "k", endpoint: "https://rest.iad-01.braze.com" };
const AMPLITUDE = { apiKey: "k", secretKey: "s", endpoint: "north_america" };
const MIXPANEL = { projectToken: "t", apiSecret: "s", apiRegion: "EU" };
const CUSTOMERIO = { siteId: "s", apiKey: "k", accountRegion: "EU" };
const ITERABLE = { apiKey: "k", dataCenterLocation: "europe" };
const POSTHOG = { endpoint: "https://eu.i.posthog.com", api_key: "k" };

// destination, action, kinds of calls, whether it takes shoppers known by an anonymous id only, settings, what a user
// has to map by hand because the destination has no default for it.
const TABLE = [
  ["amplitude", "logEvent", "track", true, AMPLITUDE],
  ["amplitude", "identifyUser", "identify", true, AMPLITUDE],
  ["braze", "trackEvent", "track", false, BRAZE],
  ["braze", "updateUserProfile", "identify", false, BRAZE],
  ["braze-cohorts", "syncAudiences", "track identify", false, { client_secret: "x", endpoint: BRAZE.endpoint }, { personas_audience_key: "engaged" }],
  ["customerio", "trackEvent", "track", true, CUSTOMERIO],
  ["customerio", "createUpdatePerson", "identify", true, CUSTOMERIO],
  ["iterable", "trackEvent", "track", false, ITERABLE],
  ["iterable", "updateUser", "identify", false, ITERABLE],
  ["kevel", "syncAudience", "track identify", false, { networkId: "1", apiKey: "k" }],
  ["launchdarkly-audiences", "syncAudience", "track identify", false, { clientId: "645d5c5c5c5c5c5c5c5c5c5c", apiKey: "k" }],
  ["mixpanel", "trackEvent", "track", true, MIXPANEL],
  ["mixpanel", "identifyUser", "identify", true, MIXPANEL],
  ["optimizely-advanced-audience-targeting", "syncAudience", "track identify", true, { apiKey: "k" }],
  ["posthog", "event", "track", false, POSTHOG],
  ["posthog", "identify", "identify", false, POSTHOG],
  ["rokt-audiences", "upsertCustomAudiences", "track identify", false, { apiKey: "k", apiSecret: "s", accountId: "a" }],
  ["vwo", "syncAudience", "track", true, { vwoAccountId: 1, apikey: "k", region: "US" }],
];

async function given(destination, action, settings, mapping, call) {
  const definition = require(`@segment/action-destinations/dist/destinations/${destination}`).default;
  // The test integration fills in what a call lacks; ours is to stand alone.
  const nothing = Object.fromEntries(["anonymousId", "userId", "event", "properties", "traits", "sentAt"].map((name) => [name, undefined]));
  const preset = (definition.presets ?? []).find((one) => one.partnerAction === action)?.mapping ?? {};
  requests = [];
  await createTestIntegration(definition).testAction(action, {
    event: { ...nothing, ...call },
    settings,
    useDefaultMappings: true,
    mapping: { ...preset, ...mapping },
    auth: { accessToken: "t", refreshToken: "r" },
  });
  return requests;
}

async function main(path) {
  const calls = fs.readFileSync(path, "utf8").trim().split("\n").map((line) => JSON.parse(line));
  let wrong = 0;
  for (const [destination, action, kinds, anonymous, settings, mapping] of TABLE) {
    for (const call of calls.filter((one) => kinds.split(" ").includes(one.type))) {
      const takes = anonymous || "userId" in call;
      let told;
      let taken = false;
      try {
        const made = await given(destination, action, settings, mapping, call);
        told = made.map((one) => `${one.method} ${one.url} ${one.body}`).join("\n    ");
        taken = [call.userId ?? call.anonymousId, "kim@example.org"].some((name) => told.includes(name));
      } catch (error) {
        told = error.message;
      }
      if (taken !== takes) wrong += 1;
      const member = Object.values(call.traits ?? call.properties).at(-1);
      const who = "userId" in call ? "user" : "anonymous";
      console.log(`${taken === takes ? "ok" : "WRONG"} ${destination}.${action} ${call.type} ${who} ${member}: ${taken ? "" : "not taken, "}${told}`);
    }
  }
  console.log(`${wrong} of ${TABLE.length} actions' calls taken otherwise than expected`);
  process.exit(wrong ? 1 : 0);
}

main(process.argv[2]);
