// What an authenticator sends: CBOR, attestation object, authenticator data, public key.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "authenticator_data.h"
#include "cbor.h"
#include "cose_key.h"

namespace {

using namespace flowsell::passkeys;

void require(bool fact) {
  if (!fact) std::abort();
}

bool lies_in(std::string_view part, std::string_view whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// One item has one reading: alone, and with whatever stands behind it.
void read_item(std::string_view bytes) {
  CborReader in(bytes);
  const auto item = in.item();
  if (!item) return;
  require(!item->empty() && item->size() + in.rest().size() == bytes.size());
  require(CborReader(*item).item() == item);
  require(!CborReader(item->substr(0, item->size() - 1)).item());
}

void read_authenticator_data(std::string_view bytes) {
  const auto data = parse_authenticator_data(bytes);
  if (!data) return;
  require(lies_in(data->rp_id_hash, bytes) && data->rp_id_hash.size() == 32);
  if (!data->credential) return;
  require(lies_in(data->credential->id, bytes) && !data->credential->id.empty());
  require(data->credential->id.size() <= kCredentialIdBytesMax);
  require(lies_in(data->credential->public_key, bytes));
  (void)CoseKey::parse(data->credential->public_key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read_item(bytes);
  read_authenticator_data(bytes);
  if (const auto key = CoseKey::parse(bytes)) require(!key->verifies("text", ""));
  const auto inner = parse_attestation_object(bytes);
  if (!inner) return 0;
  require(CborReader(bytes).item() == bytes);  // nothing stands behind it
  require(lies_in(*inner, bytes));
  read_authenticator_data(*inner);
  return 0;
}
