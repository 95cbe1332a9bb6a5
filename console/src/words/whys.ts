/** What the site says of a copy (src/messaging/domain/delivery_engine.cc, adapters/rpc/convert.cc), in Turkish. */
export const whysInTurkish: Record<string, string> = {
  "sent on the recipient's own connection; its receipt has not come yet":
    "alıcının kendi bağlantısından gönderildi; alındısı henüz gelmedi",
  "handed to a carrier; the recipient's receipt has not come yet":
    "bir taşıyıcıya verildi; alıcının alındısı henüz gelmedi",
  "no path: the recipient is cut off from every connected node":
    "yol yok: alıcı, bağlı düğümlerin hepsinden kopuk",
  "no path: the recipient has not been heard of yet": "yol yok: alıcıdan henüz haber alınmadı",
  "the link's credit is used up: receipts for earlier messages are awaited":
    "bağın hakkı doldu: önceki mesajların alındıları bekleniyor",
  "the link is busy at its declared capacity": "bağ, bildirdiği kapasitede dolu",
  "next in line": "sırada ilk",
  "the recipient's receipt is recorded": "alıcının alındısı kaydedildi",
  "its lifetime passed before a receipt came": "alındı gelmeden süresi doldu",
  "the recipient refused it": "alıcı reddetti",
};
