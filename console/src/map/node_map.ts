// MapLibre in its form for strict content security policies: its worker is a file of ours, not a blob.
import base from "virtual:base-map";
import maplibregl, {
  type GeoJSONSource,
  type LngLatBoundsLike,
  type StyleSpecification,
} from "maplibre-gl/dist/maplibre-gl-csp";
import workerUrl from "maplibre-gl/dist/maplibre-gl-csp-worker.js?url";
import type { Topology } from "../api/types";
import { seenFromAfar, towns } from "./towns";
import { extentOf, linkFeatures, nodeFeatures, type Features, type Place } from "./shapes";

maplibregl.setWorkerUrl(workerUrl);

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function polygons(list: Place[][][]): Features {
  return {
    type: "FeatureCollection",
    features: list.map((coordinates) => ({
      type: "Feature",
      properties: {},
      geometry: { type: "Polygon", coordinates },
    })),
  };
}

function lines(list: Place[][]): Features {
  return {
    type: "FeatureCollection",
    features: list.map((coordinates) => ({
      type: "Feature",
      properties: {},
      geometry: { type: "LineString", coordinates },
    })),
  };
}

/** The quality from which a link is drawn as good, and as fair; below that it is weak. */
export const linkSteps = { good: 0.8, fair: 0.5 };

/** What is drawn: a node that is chosen has a ring. */
interface Drawn {
  topology: Topology;
  chosen: string;
}

function style({ topology, chosen }: Drawn): StyleSpecification {
  const [west, south, east, north] = base.region;
  const frame: Place[] = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  const source = (data: Features) => ({ type: "geojson" as const, data });
  const water = colour("water");
  const land = colour("land");
  return {
    version: 8,
    sources: {
      world: source(polygons(base.world)),
      region: source(polygons([[frame]])),
      land: source(polygons(base.land)),
      borders: source(lines(base.borders)),
      links: source(linkFeatures(topology)),
      nodes: source(nodeFeatures(topology)),
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": water } },
      { id: "world", type: "fill", source: "world", paint: { "fill-color": land } },
      { id: "region", type: "fill", source: "region", paint: { "fill-color": water } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": land } },
      {
        id: "borders",
        type: "line",
        source: "borders",
        paint: { "line-color": colour("muted"), "line-opacity": 0.5, "line-width": 1 },
      },
      {
        id: "links",
        type: "line",
        source: "links",
        paint: {
          "line-color": [
            "step",
            ["get", "quality"],
            colour("bad"),
            linkSteps.fair,
            colour("warn"),
            linkSteps.good,
            colour("good"),
          ],
          "line-opacity": 0.55,
          "line-width": ["interpolate", ["linear"], ["zoom"], 5, 0.5, 12, 2.5],
        },
      },
      {
        id: "nodes",
        type: "circle",
        source: "nodes",
        paint: {
          // A dead node is hollow, so that its colour is not all that tells it.
          "circle-color": [
            "match",
            ["get", "state"],
            "SUSPECT",
            colour("warn"),
            "DEAD",
            colour("panel"),
            "ASLEEP",
            colour("muted"),
            colour("good"),
          ],
          "circle-stroke-color": [
            "case",
            ["==", ["get", "state"], "DEAD"],
            colour("bad"),
            ["get", "uplink"],
            colour("ink"),
            colour("panel"),
          ],
          "circle-stroke-width": [
            "case",
            ["any", ["==", ["get", "state"], "DEAD"], ["get", "uplink"]],
            2,
            0.75,
          ],
          "circle-radius": [
            "interpolate",
            ["linear"],
            ["zoom"],
            5,
            ["case", ["get", "uplink"], 4.5, 2.5],
            12,
            ["case", ["get", "uplink"], 10, 7],
          ],
        },
      },
      {
        id: "chosen",
        type: "circle",
        source: "nodes",
        filter: ["==", ["get", "id"], chosen],
        paint: {
          "circle-color": "transparent",
          "circle-radius": 14,
          "circle-stroke-color": colour("accent"),
          "circle-stroke-width": 3,
        },
      },
    ],
  };
}

export function canDraw(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

/** A map of nodes and links. Whoever makes it removes it. */
export class NodeMap {
  private readonly map: maplibregl.Map;
  private readonly ready: Promise<unknown>;
  private fitted = false;
  private readonly dark = matchMedia("(prefers-color-scheme: dark)");
  private readonly theme = new MutationObserver(() => this.recolour());
  private drawn: Drawn = { topology: {}, chosen: "" };

  constructor(container: HTMLElement, label: string, onPick: (nodeId: string) => void) {
    const map = new maplibregl.Map({
      container,
      style: style(this.drawn),
      bounds: base.region as unknown as LngLatBoundsLike,
      attributionControl: false,
      maxZoom: 15,
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: 0,
      locale: { "Map.Title": label },
    });
    map.touchZoomRotate.disableRotation();
    map.on("click", (event) => {
      // A finger is wider than a node.
      const { x, y } = event.point;
      const box: [Place, Place] = [
        [x - 8, y - 8],
        [x + 8, y + 8],
      ];
      const hit = map.queryRenderedFeatures(box, { layers: ["nodes"] })[0];
      onPick(String(hit?.properties.id ?? ""));
    });
    this.map = map;
    this.nameTowns();
    this.ready = new Promise((resolve) => map.once("load", resolve));
    this.dark.addEventListener("change", this.recolour);
    this.theme.observe(document.documentElement, { attributeFilter: ["data-theme"] });
  }

  async show(topology: Topology, chosen: string): Promise<void> {
    this.drawn = { topology, chosen };
    await this.ready;
    this.map.getSource<GeoJSONSource>("links")?.setData(linkFeatures(topology));
    this.map.getSource<GeoJSONSource>("nodes")?.setData(nodeFeatures(topology));
    this.map.setFilter("chosen", ["==", ["get", "id"], chosen]);
    const extent = extentOf(topology);
    if (this.fitted || !extent) return;
    this.fitted = true;
    this.map.fitBounds(extent, { padding: 40, maxZoom: 11, animate: false });
  }

  /** By elements of the page: drawing text itself would want fonts of MapLibre's own kind. */
  private nameTowns(): void {
    const elements = towns.map(([name, ...place]) => {
      const element = document.createElement("span");
      element.className = "town";
      element.textContent = name;
      element.setAttribute("aria-hidden", "true");
      new maplibregl.Marker({ element, anchor: "left" }).setLngLat(place).addTo(this.map);
      return element;
    });
    const choose = () => {
      const near = this.map.getZoom() >= 6.5;
      elements.forEach((element, i) => (element.hidden = !near && i >= seenFromAfar));
    };
    choose();
    this.map.on("zoom", choose);
  }

  goTo(place: Place): void {
    this.map.jumpTo({ center: place, zoom: Math.max(this.map.getZoom(), 9) });
  }

  remove(): void {
    this.dark.removeEventListener("change", this.recolour);
    this.theme.disconnect();
    this.map.remove();
  }

  private readonly recolour = () => this.map.setStyle(style(this.drawn));
}
