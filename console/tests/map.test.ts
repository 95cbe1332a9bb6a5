import { describe, expect, it } from "vitest";
import { extentOf, linkFeatures, nodeFeatures, placeOf } from "../src/map/shapes";
import { clippedLine, clippedRing, region } from "../tools/base_map";

const topology = {
  nodes: [
    { nodeId: "a", state: "ALIVE" as const, position: { latitude: 37, longitude: 36 } },
    { nodeId: "b", state: "DEAD" as const, position: { latitude: 38, longitude: 35 } },
    { nodeId: "c", state: "ALIVE" as const },
  ],
  links: [
    { from: "a", to: "b", quality: 0.9 },
    { from: "b", to: "a", quality: 0.4 },
    { from: "a", to: "c", quality: 1 },
  ],
};

describe("the map", () => {
  it("shows nodes that say where they are", () => {
    expect(nodeFeatures(topology).features.map((one) => one.properties.id)).toEqual(["a", "b"]);
    expect(placeOf(topology.nodes[2]!)).toBeUndefined();
    expect(extentOf(topology)).toEqual([35, 37, 36, 38]);
    expect(extentOf({})).toBeUndefined();
  });
  it("shows a pair as one link, with the quality of its worse direction", () => {
    expect(linkFeatures(topology).features).toMatchObject([{ properties: { quality: 0.4 } }]);
  });
});

describe("the base map", () => {
  const [west, south, east, north] = region;
  it("cuts land at the edge of its region", () => {
    const square: [number, number][] = [
      [west - 5, south + 1],
      [west + 5, south + 1],
      [west + 5, south + 3],
      [west - 5, south + 3],
    ];
    const ring = clippedRing(square);
    expect(Math.min(...ring.map(([x]) => x))).toBe(west);
    expect(ring).toContainEqual([west, south + 1]);
    expect(clippedRing(square.map(([x, y]) => [x - 100, y]))).toEqual([]);
  });
  it("keeps the pieces of a border that lie in it", () => {
    const middle: [number, number] = [(west + east) / 2, (south + north) / 2];
    const line: [number, number][] = [middle, [east - 1, north - 1], [east + 9, north], middle];
    expect(clippedLine(line)).toEqual([[middle, [east - 1, north - 1]]]);
  });
});
