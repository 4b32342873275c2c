import { useEffect, useRef } from 'react';
import UPlot from 'uplot';
import { formatClock } from '../../core/format.ts';
import { useTheme } from '../browser.ts';
import type { Beat } from '../figures.ts';
import { useMedia } from './use-media.ts';

export type Line = { readonly label: string; readonly colour: string; readonly of: (beat: Beat) => number | null; readonly fill?: boolean };

const HEIGHT_PX = 130;

/** Lines over the last minutes. What they say stands beside them in words; the drawing itself is for the eye. */
export function PulseChart({ beats, lines, label }: { beats: readonly Beat[]; lines: readonly Line[]; label: string }) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>(undefined);
  const dark = useMedia('(prefers-color-scheme: dark)');
  const theme = useTheme();
  const drawn = useRef({ beats, lines });
  useEffect(() => {
    drawn.current = { beats, lines };
    plot.current?.setData(toData(beats, lines));
  }, [beats, lines]);
  useEffect(() => {
    const place = box.current;
    if (place === null) return;
    const made = new UPlot(toOptions(place.clientWidth, drawn.current.lines), toData(drawn.current.beats, drawn.current.lines), place);
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: place.clientWidth, height: HEIGHT_PX }));
    watcher.observe(place);
    return () => {
      watcher.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // Colours are read when it is drawn, so another theme draws it anew.
  }, [dark, theme]);
  return <div className="pulse-chart" ref={box} role="img" aria-label={label} />;
}

function toData(beats: readonly Beat[], lines: readonly Line[]): UPlot.AlignedData {
  return [beats.map(({ at }) => at), ...lines.map(({ of }) => beats.map(of))];
}

function toOptions(width: number, lines: readonly Line[]): UPlot.Options {
  const colour = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const axis = { stroke: colour('ink-2'), grid: { stroke: colour('rule'), width: 1 }, ticks: { show: false }, font: '11px system-ui' };
  return {
    width,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 6, 0, 0],
    axes: [
      { ...axis, space: 90, size: 22, values: (_, seconds) => seconds.map((second) => formatClock(second * 1000)) },
      { ...axis, size: 46 },
    ],
    scales: { y: { range: (_, __, most) => [0, Math.max(5, most * 1.15)] } },
    series: [
      {},
      ...lines.map(({ label, colour: name, fill }) => ({
        label,
        stroke: colour(name),
        width: 1.6,
        // A second between two quiet ones has no line; a point shows it all the same.
        points: { show: fill !== true, size: 4, fill: colour(name) },
        spanGaps: false,
        ...(fill === true ? { fill: `color-mix(in srgb, ${colour(name)} 16%, transparent)` } : {}),
      })),
    ],
  };
}
