/// <reference types="vite/client" />

declare module "virtual:base-map" {
  type Ring = [number, number][];
  const map: {
    region: [west: number, south: number, east: number, north: number];
    world: Ring[][];
    land: Ring[][];
    borders: Ring[];
  };
  export default map;
}

declare module "maplibre-gl/dist/maplibre-gl-csp" {
  export * from "maplibre-gl";
  export { default } from "maplibre-gl";
}
