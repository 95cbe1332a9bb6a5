// Who can be written to, and the key to seal to: of a device by its id, of a desk by what the site says.
import { useEffect, useState } from "preact/hooks";
import { Problem } from "../api/problem";
import type { Desk, Device } from "../api/types";
import { fromBase64 } from "../proof/bytes";
import { client } from "../site";
import type { Recipient } from "./draft";
import { deviceIdOf, sealKeyOf } from "./keys";

const pagesMax = 10;

/** All items of a list, up to ten thousand. */
async function all<T>(path: string, items: string): Promise<T[]> {
  const got: T[] = [];
  let token = "";
  for (let page = 0; page < pagesMax; ++page) {
    const answer = await client.get<Record<string, unknown>>(
      `${path}?pageSize=1000&pageToken=${encodeURIComponent(token)}`,
    );
    got.push(...((answer[items] as T[] | undefined) ?? []));
    token = String(answer.nextPageToken ?? "");
    if (token === "") break;
  }
  return got;
}

export const allDesks = () => all<Desk>("/v1/desks", "desks");

/** The devices of the user that are still trusted, but for this browser's. */
export async function devicesOf(userId: string, without: string): Promise<Device[]> {
  const devices = await all<Device>("/v1/devices", "devices");
  return devices.filter(
    (one) => one.ownerUserId === userId && one.deviceId !== without && !one.revokedAt,
  );
}

function keyOf(publicKey: string) {
  try {
    return sealKeyOf(fromBase64(publicKey));
  } catch {
    throw new Problem(0, "KEY_INVALID", "not an Ed25519 key");
  }
}

export async function toDesk({ deskId, name, publicKey }: Desk): Promise<Recipient> {
  const sealKey = keyOf(publicKey);
  const fingerprint = await deviceIdOf(fromBase64(publicKey));
  return { kind: "group", id: deskId, name, sealKey, fingerprint };
}

/** Errors: Problem, also where the key is not the one that the id names. */
export async function toDevice(device: Device): Promise<Recipient> {
  const { deviceId, publicKey, label, revokedAt } = device;
  if (revokedAt) throw new Problem(0, "RECIPIENT_REVOKED", "the device was revoked");
  const fingerprint = await deviceIdOf(fromBase64(publicKey));
  if (fingerprint !== deviceId)
    throw new Problem(0, "KEY_OF_ANOTHER", "the key does not hash to the id");
  const name = label ? `${label} (${deviceId.slice(0, 8)})` : deviceId;
  return { kind: "device", id: deviceId, name, sealKey: keyOf(publicKey), fingerprint };
}

export interface Found {
  recipient?: Recipient;
  problem?: Problem;
}

/** Looks the choice up as it is made: the id of one of `desks`, or of any device. */
export function useRecipient(kind: Recipient["kind"], id: string, desks: Desk[]): Found {
  const [found, setFound] = useState<Found>({});
  useEffect(() => {
    let current = true;
    const look = async (): Promise<Found> => {
      if (kind === "device") {
        if (!/^[0-9a-f]{32}$/.test(id)) return {};
        const device = await client.get<Device>(`/v1/devices/${id}`);
        return { recipient: await toDevice({ ...device, deviceId: id }) };
      }
      const desk = desks.find((one) => one.deskId === id);
      return desk ? { recipient: await toDesk(desk) } : {};
    };
    setFound({});
    look()
      .catch((error): Found => ({ problem: Problem.from(error) }))
      .then((one) => current && setFound(one));
    return () => void (current = false);
  }, [kind, id, desks]);
  return found;
}
