// The base map: outlines of Natural Earth, which are in the public domain. Fine around Türkiye, coarse elsewhere.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature, mesh } from "topojson-client";
import type { Plugin } from "vite";

type Point = [number, number];
type Topology = Parameters<typeof feature>[0];

// West, south, east, north.
export const region = [23, 33, 47.5, 44.5] as const;

const require = createRequire(import.meta.url);

function atlas(name: string): Topology {
  return JSON.parse(readFileSync(require.resolve(`world-atlas/${name}.json`), "utf8"));
}

function rounded([x, y]: Point, digits: number): Point {
  return [Number(x.toFixed(digits)), Number(y.toFixed(digits))];
}

/** Where the way from `a` to `b` meets a vertical (axis 0) or horizontal (axis 1) line. */
function crossing(a: Point, b: Point, axis: 0 | 1, at: number): Point {
  const share = (at - a[axis]) / (b[axis] - a[axis]);
  const point: Point = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
  point[axis] = at;
  return point;
}

const sides: { axis: 0 | 1; at: number; inside: (value: number) => boolean }[] = [
  { axis: 0, at: region[0], inside: (x) => x >= region[0] },
  { axis: 1, at: region[1], inside: (y) => y >= region[1] },
  { axis: 0, at: region[2], inside: (x) => x <= region[2] },
  { axis: 1, at: region[3], inside: (y) => y <= region[3] },
];

/** Sutherland and Hodgman: a ring cut to the region, side by side. */
export function clippedRing(ring: Point[]): Point[] {
  return sides.reduce((points, { axis, at, inside }) => {
    const kept: Point[] = [];
    points.forEach((point, i) => {
      const before = points[(i + points.length - 1) % points.length]!;
      if (inside(point[axis]) !== inside(before[axis]))
        kept.push(crossing(before, point, axis, at));
      if (inside(point[axis])) kept.push(point);
    });
    return kept;
  }, ring);
}

/** The pieces of a line whose points lie in the region. */
export function clippedLine(line: Point[]): Point[][] {
  const pieces: Point[][] = [[]];
  for (const point of line) {
    if (sides.every(({ axis, inside }) => inside(point[axis]))) pieces.at(-1)!.push(point);
    else if (pieces.at(-1)!.length > 0) pieces.push([]);
  }
  return pieces.filter((piece) => piece.length > 1);
}

/** All outer rings and holes of a topology's land. */
function landRings(topology: Topology): Point[][][] {
  const land = feature(topology, topology.objects.land!) as unknown as {
    features: { geometry: { coordinates: Point[][][] } }[];
  };
  return land.features.flatMap(({ geometry }) => geometry.coordinates);
}

function build(): object {
  const world = landRings(atlas("land-110m")).map((polygon) =>
    polygon.map((ring) => ring.map((point) => rounded(point, 1))),
  );
  const fine = atlas("countries-10m");
  const land = landRings(fine)
    .map((polygon) => polygon.map((ring) => clippedRing(ring)).filter((ring) => ring.length > 3))
    .filter((polygon) => polygon.length > 0)
    .map((polygon) => polygon.map((ring) => ring.map((point) => rounded(point, 3))));
  const borders = mesh(fine, fine.objects.countries as never, (a, b) => a !== b).coordinates;
  const lines = borders
    .flatMap((line) => clippedLine(line as Point[]))
    .map((line) => line.map((point) => rounded(point, 3)));
  return { region, world, land, borders: lines };
}

const name = "virtual:base-map";

export function baseMap(): Plugin {
  return {
    name: "base-map",
    resolveId: (id) => (id === name ? `\0${name}` : null),
    load: (id) => (id === `\0${name}` ? `export default ${JSON.stringify(build())}` : null),
  };
}
