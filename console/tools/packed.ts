// Packs what was built, so that the program that serves it need not, and lists it for the build of the gateway.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

function filesUnder(folder: string): string[] {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .flatMap((path) => (statSync(path).isDirectory() ? filesUnder(path) : [path]))
    .sort();
}

export function packed(): Plugin {
  let folder = "";
  return {
    name: "packed",
    apply: "build",
    configResolved(config) {
      folder = join(config.root, config.build.outDir);
    },
    closeBundle() {
      const files = filesUnder(folder);
      for (const file of files) {
        const bytes = readFileSync(file);
        const sized = { [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
        writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params: sized }));
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
      }
      // The last: who reads the list finds all that is on it.
      const names = files.map((file) => `${relative(folder, file)}\n`);
      writeFileSync(join(folder, "files.txt"), names.join(""));
    },
  };
}
