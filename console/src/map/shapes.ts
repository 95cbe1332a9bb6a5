// What the map draws, as GeoJSON: pure, so that it can be tested without a map.
import type { Node, Topology } from "../api/types";

export type Place = [longitude: number, latitude: number];

interface Feature {
  type: "Feature";
  properties: Record<string, string | number | boolean>;
  geometry:
    | { type: "Point"; coordinates: Place }
    | { type: "LineString"; coordinates: Place[] }
    | { type: "Polygon"; coordinates: Place[][] };
}
export interface Features {
  type: "FeatureCollection";
  features: Feature[];
}

/** A node that is exactly at 0, 0 has said nothing of its place. */
export function placeOf(node: Node): Place | undefined {
  const { latitude = 0, longitude = 0 } = node.position ?? {};
  return latitude === 0 && longitude === 0 ? undefined : [longitude, latitude];
}

export function nodeFeatures(topology: Topology): Features {
  const features = (topology.nodes ?? []).flatMap<Feature>((node) => {
    const place = placeOf(node);
    if (!place) return [];
    const properties = {
      id: node.nodeId,
      state: node.state ?? "ALIVE",
      uplink: node.hasUplink ?? false,
    };
    return [{ type: "Feature", properties, geometry: { type: "Point", coordinates: place } }];
  });
  return { type: "FeatureCollection", features };
}

/** A pair that hears each other is one line, with the quality of its worse direction. */
export function linkFeatures(topology: Topology): Features {
  const places = new Map<string, Place>();
  for (const node of topology.nodes ?? []) {
    const place = placeOf(node);
    if (place) places.set(node.nodeId, place);
  }
  const pairs = new Map<string, { ends: [Place, Place]; quality: number }>();
  for (const { from, to, quality = 0 } of topology.links ?? []) {
    const [a, b] = from < to ? [from, to] : [to, from];
    const ends: [Place | undefined, Place | undefined] = [places.get(a), places.get(b)];
    if (!ends[0] || !ends[1]) continue;
    const key = `${a} ${b}`;
    const known = pairs.get(key);
    pairs.set(key, {
      ends: [ends[0], ends[1]],
      quality: Math.min(quality, known?.quality ?? quality),
    });
  }
  const features = [...pairs.values()].map<Feature>(({ ends, quality }) => ({
    type: "Feature",
    properties: { quality },
    geometry: { type: "LineString", coordinates: ends },
  }));
  return { type: "FeatureCollection", features };
}

/** West, south, east, north of all places; undefined without any. */
export function extentOf(topology: Topology): [number, number, number, number] | undefined {
  const places = (topology.nodes ?? []).map(placeOf).filter((place) => place !== undefined);
  if (places.length === 0) return undefined;
  const xs = places.map(([x]) => x);
  const ys = places.map(([, y]) => y);
  const least = (values: number[]) => values.reduce((a, b) => Math.min(a, b));
  const most = (values: number[]) => values.reduce((a, b) => Math.max(a, b));
  return [least(xs), least(ys), most(xs), most(ys)];
}
