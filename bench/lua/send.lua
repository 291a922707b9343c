-- Sends for wrk: every request has its own recipient and key, and all three kinds carry the same text.
-- Arguments after "--": KIND PATH SECRET RUN BODY_BYTES PAUSE_MS; SECRET is @FILE for the keys in a file; KIND is connectd, connectd-wait (the answer comes
-- when the provider has spoken), meta or kannel; RUN ends in a number below 1000. PAUSE_MS, if not 0, is the mean pause of a
-- connection between its requests.
-- A request is one string.format of a text made in init(): the client shares the cores with what is measured.

local WORDS = "Your order is ready and can be picked up at the store until Friday evening. "

-- A text that makes connectd's body BODY_BYTES long; its digits are the request's number.
local function text_of(body_bytes)
  local bare = #'{"to":"+4915000000000","type":"text","text":{"body":"000000000 "}}'
  local length = math.max(0, body_bytes - bare)
  return "%09d " .. WORDS:rep(math.ceil(length / #WORDS)):sub(1, length)
end

local function post(path, headers, body)
  local size = #body:format(0, 0)
  local head = "POST " .. path .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n" .. headers ..
    "Content-Type: application/json\r\nContent-Length: " .. size .. "\r\n\r\n"
  return head .. body
end

local function get(target)
  return "GET " .. target .. " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
end

local make = {}
local number = 0

local function to_connectd(path, secret, run, text, more_headers)
  local body = '{"to":"+4915%09d","type":"text","text":{"body":"' .. text .. '"}}'
  local rest = "\r\nIdempotency-Key: bench-" .. run .. "-%09d\r\n" .. more_headers
  if secret:sub(1, 1) ~= "@" then
    local request = post(path, "Authorization: Bearer " .. secret .. rest, body)
    return function() return request:format(number, number, number) end
  end
  -- A file of keys: each request has the next one.
  local keys = {}
  for key in io.lines(secret:sub(2)) do keys[#keys + 1] = key end
  local request = post(path, "Authorization: Bearer %s" .. rest, body)
  return function() return request:format(keys[number % #keys + 1], number, number, number) end
end

make["connectd"] = function(path, secret, run, text) return to_connectd(path, secret, run, text, "") end

make["connectd-wait"] = function(path, secret, run, text)
  return to_connectd(path, secret, run, text, "Prefer: wait=10\r\n")
end

-- What connectd itself posts to WhatsApp for such a send, so that the floor moves the same bytes.
function make.meta(path, secret, run, text)
  local body = '{"messaging_product":"whatsapp","recipient_type":"individual","to":"+4915%09d","type":"text",' ..
    '"text":{"body":"' .. text .. '"},"biz_opaque_callback_data":"msg_0000000000000000000000000"}'
  local request = post(path, "Authorization: Bearer " .. secret .. "\r\n", body)
  return function() return request:format(number, number) end
end

function make.kannel(path, secret, run, text)
  local request = get(path .. "?username=bench&password=" .. secret .. "&from=100&to=%%2B4915%09d&text=" ..
    text:gsub(" ", "+"))
  return function() return request:format(number, number) end
end

function init(arguments)
  local kind, path, secret, run = arguments[1], arguments[2], arguments[3], arguments[4]
  -- Numbers of one run don't meet those of another: every recipient stays new.
  number = tonumber(run:match("%d+$")) * 1000000
  request = make[kind](path, secret, run, text_of(tonumber(arguments[5])))
  local next_request = request
  request = function()
    number = number + 1
    return next_request()
  end
  local pause = tonumber(arguments[6])
  if pause > 0 then
    delay = function() return math.random(0, 2 * pause) end
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  local lost = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format(
    'RESULT {"answers":%d,"refused":%d,"errors":%d,"microseconds":%d,"p50":%d,"p99":%d,"p999":%d}\n',
    summary.requests, errors.status, lost + errors.status, summary.duration,
    latency:percentile(50), latency:percentile(99), latency:percentile(99.9)))
end
