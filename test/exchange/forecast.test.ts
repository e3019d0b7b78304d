import { describe, expect, it } from 'vitest';
import { UplinkForecast } from '../../src/exchange/forecast.ts';

/** 1000 bytes in a millisecond. */
function capped(): UplinkForecast {
  const forecast = new UplinkForecast();
  forecast.setCap(1_000_000);
  return forecast;
}

describe('UplinkForecast', () => {
  it('is free at once without a cap', () => {
    const forecast = new UplinkForecast();
    forecast.noteBound(5, 1_000_000);
    expect(forecast.freeAt).toBe(5);
  });

  it('adds up what is bound, from when the first of it could start', () => {
    const forecast = capped();
    expect(forecast.freeAt).toBeLessThan(0);
    forecast.noteBound(10, 3000);
    forecast.noteBound(11, 2000);
    expect(forecast.freeAt).toBe(15);
  });

  it('goes by what was sent, not by what it thought: late is late for all behind', () => {
    const forecast = capped();
    forecast.noteBound(0, 3000);
    forecast.noteBound(0, 2000);
    forecast.noteSent(7, 3000);
    expect(forecast.freeAt).toBe(9);
  });

  it('is free earlier by what need not be sent', () => {
    const forecast = capped();
    forecast.noteBound(0, 3000);
    forecast.noteBound(0, 2000);
    forecast.noteDropped(2000);
    expect(forecast.freeAt).toBe(3);
  });
});
