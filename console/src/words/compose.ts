// The words of the page to write on, which come with it: the first screen is small.
import { useSpeech } from "./words";

const en = {
  title: "Write",
  ownDevice: "This browser’s device",
  whyDevice:
    "To write, this browser becomes a device of yours: it makes a key that no page can read out, and the site takes it in. Signing out deletes the key and revokes the device.",
  insecure:
    "This page did not come over HTTPS, so the browser hides its cryptography from it: nothing can be signed or sealed here. Open the console over HTTPS, or on the site’s own machine.",
  outdated:
    "This browser cannot make Ed25519 and X25519 keys, by which messages are signed and sealed. Use a current one: Chrome or Edge from 137 on, Firefox from 130, Safari from 17.",
  classes: "Classes it may use",
  enrol: "Make a key and enrol",
  enrolling: "Enrolling …",
  keysKept:
    "Its key is in this browser only and cannot be read out. Messages to it cannot be opened here.",
  forget: "Forget this device",
  forgetTitle: "Forget this browser’s device?",
  forgetExplain:
    "Its key is deleted here and the site refuses it from then on. What was accepted is delivered all the same.",
  forgetUnsent: "A message is not acknowledged yet. It is lost with the key.",
  notTold: (id: string) =>
    `The key is deleted, but the site could not be told. Have device ${id} revoked.`,
  to: "To",
  desk: "Desk",
  device: "Device",
  deviceId: "Device id",
  deviceHint: "32 hex digits",
  deskOf: (name: string, devices: string) => `${name} (devices: ${devices})`,
  chooseDesk: "Choose …",
  noDesks: "The site has no desk",
  sealedToDevice: (name: string) => `Sealed to ${name}, whose key is the one that its id names.`,
  sealedToDesk: "Compare the desk’s key with what the desk itself says:",
  lifetime: "Lives for",
  ofClass: (span: string) => `As its class: ${span}`,
  text: "Text",
  room: (used: string, max: string) => `${used} of ${max} bytes.`,
  tooLong: "The text is too long for one message.",
  header: "Readable on the way (optional)",
  headerExplain: "The site and whoever carries the message can read these; the text they cannot.",
  kind: "Kind",
  cell: "Place (geohash)",
  people: "People",
  language: "Language",
  sealed: "The text is sealed in this browser; the site cannot read it.",
  send: "Send",
  sending: "Sending …",
  lifeTitle: "Is a life in danger?",
  lifeTo: (name: string) => `To ${name}, before everything else.`,
  lifeExplain: "Messages of this class push aside others, also calls for help that wait.",
  lifeSubmit: "Send it",
  unsent: "Not acknowledged yet",
  unsentTo: (name: string, priority: string, written: string) =>
    `To ${name}, ${priority}, written ${written}.`,
  unsentSafe:
    "Sending it again is safe: it is the same signed message, which the site takes once. If you discard it, it may have arrived all the same.",
  again: "Send again",
  discard: "Discard",
};

const tr: typeof en = {
  title: "Yaz",
  ownDevice: "Bu tarayıcının cihazı",
  whyDevice:
    "Yazabilmek için bu tarayıcı sizin bir cihazınız olur: hiçbir sayfanın okuyamayacağı bir anahtar üretir, merkez de onu kaydeder. Çıkış yapınca anahtar silinir ve cihaz iptal edilir.",
  insecure:
    "Bu sayfa HTTPS ile gelmedi; tarayıcı şifrelemesini ondan gizliyor: burada hiçbir şey imzalanamaz ya da mühürlenemez. Konsolu HTTPS ile ya da merkezin kendi makinesinde açın.",
  outdated:
    "Bu tarayıcı, mesajların imzalandığı ve mühürlendiği Ed25519 ve X25519 anahtarlarını üretemiyor. Güncel bir tarayıcı kullanın: Chrome ya da Edge 137, Firefox 130, Safari 17 ve sonrası.",
  classes: "Kullanabileceği sınıflar",
  enrol: "Anahtar üret ve kaydol",
  enrolling: "Kaydolunuyor …",
  keysKept:
    "Anahtarı yalnızca bu tarayıcıda durur ve okunamaz. Ona gelen mesajlar burada açılamaz.",
  forget: "Bu cihazı unut",
  forgetTitle: "Bu tarayıcının cihazı unutulsun mu?",
  forgetExplain:
    "Anahtarı buradan silinir, merkez onu bundan böyle reddeder. Kabul edilen mesajlar yine de teslim edilir.",
  forgetUnsent: "Alındığı doğrulanmamış bir mesaj var. Anahtarla birlikte kaybolur.",
  notTold: (id) =>
    `Anahtar silindi ama merkeze bildirilemedi. ${id} kimlikli cihazı iptal ettirin.`,
  to: "Kime",
  desk: "Masa",
  device: "Cihaz",
  deviceId: "Cihaz kimliği",
  deviceHint: "32 onaltılık rakam",
  deskOf: (name, devices) => `${name} (cihaz: ${devices})`,
  chooseDesk: "Seçin …",
  noDesks: "Merkezde masa yok",
  sealedToDevice: (name) => `${name} için mühürlenir; anahtarı, kimliğinin gösterdiği anahtardır.`,
  sealedToDesk: "Masanın anahtarını, masanın kendi söylediğiyle karşılaştırın:",
  lifetime: "Ömrü",
  ofClass: (span) => `Sınıfınınki: ${span}`,
  text: "Metin",
  room: (used, max) => `${max} bayttan ${used} bayt.`,
  tooLong: "Metin tek bir mesaj için çok uzun.",
  header: "Yolda okunabilenler (isteğe bağlı)",
  headerExplain: "Bunları merkez ve mesajı taşıyan herkes okuyabilir; metni okuyamazlar.",
  kind: "Tür",
  cell: "Yer (geohash)",
  people: "Kişi sayısı",
  language: "Dil",
  sealed: "Metin bu tarayıcıda mühürlenir; merkez okuyamaz.",
  send: "Gönder",
  sending: "Gönderiliyor …",
  lifeTitle: "Bir hayat tehlikede mi?",
  lifeTo: (name) => `Alıcı: ${name}; her şeyden önce gider.`,
  lifeExplain: "Bu sınıftaki mesajlar ötekileri, bekleyen yardım çağrılarını da, geriye iter.",
  lifeSubmit: "Gönder",
  unsent: "Alındığı henüz doğrulanmadı",
  unsentTo: (name, priority, written) => `Alıcı: ${name}, ${priority}, ${written} yazıldı.`,
  unsentSafe:
    "Yeniden göndermek güvenlidir: aynı imzalı mesajdır, merkez onu bir kez alır. Silerseniz de ulaşmış olabilir.",
  again: "Yeniden gönder",
  discard: "Sil",
};

export const composeWords = { en, tr };

export function useComposeWords() {
  return composeWords[useSpeech().language];
}
