// Where this browser keeps its device: IndexedDB, the only place that takes a key which cannot be read out.
import type { Priority } from "../api/types";
import type { Bytes } from "../proof/bytes";

/** A message that is signed and was not acknowledged: the same bytes go out again, so that it is taken once. */
export interface Unsent {
  messageId: string;
  /** Base64, as they are submitted. */
  envelope: string;
  signature: string;
  to: string;
  priority: Priority;
  /** Site time in ms. */
  writtenAt: number;
}
export interface KeptDevice {
  userId: string;
  deviceId: string;
  publicKey: Bytes;
  signingKey: CryptoKey;
  classes: Priority[];
  unsent?: Unsent;
}
export interface Keep {
  read(userId: string): Promise<KeptDevice | undefined>;
  write(device: KeptDevice): Promise<void>;
  remove(userId: string): Promise<void>;
}

const devices = "devices";

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("imece", 1);
    request.onupgradeneeded = () =>
      request.result.createObjectStore(devices, { keyPath: "userId" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Ends when what was written is there to stay. */
async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>) {
  const database = await open();
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(devices, mode, { durability: "strict" });
      const request = act(transaction.objectStore(devices));
      transaction.oncomplete = () => resolve(request.result);
      transaction.onabort = () => reject(transaction.error);
    });
  } finally {
    database.close();
  }
}

export const keep: Keep = {
  read: (userId) => run("readonly", (store) => store.get(userId)),
  write: async (device) => void (await run("readwrite", (store) => store.put(device))),
  remove: (userId) => run("readwrite", (store) => store.delete(userId)),
};

/** Deletes the user's keys from this browser, then has the site refuse their device; throws where it cannot be told. */
export async function forget(
  keep: Keep,
  userId: string,
  post: (path: string, body: unknown) => Promise<unknown>,
): Promise<void> {
  const kept = await keep.read(userId);
  if (!kept) return;
  // The keys first: without them nobody is this device, whether the site hears of it or not.
  await keep.remove(userId);
  await post(`/v1/devices/${kept.deviceId}:revoke`, { cause: "forgotten by its browser" });
}
