export interface ServerEvent {
  name: string;
  data: string;
}

/** Reads Server-Sent Events from pieces of text as they come. */
export class EventReader {
  private rest = "";
  private name = "";
  private data: string[] = [];

  /** The events that `piece` completes. */
  take(piece: string): ServerEvent[] {
    const lines = (this.rest + piece).split(/\r\n|\n/);
    this.rest = lines.pop()!;
    const complete: ServerEvent[] = [];
    for (const line of lines) {
      if (line.startsWith("event:")) this.name = line.slice(6).trim();
      if (line.startsWith("data:")) this.data.push(line.slice(5).replace(/^ /, ""));
      if (line !== "") continue;
      if (this.data.length > 0)
        complete.push({ name: this.name || "message", data: this.data.join("\n") });
      this.name = "";
      this.data = [];
    }
    return complete;
  }
}
