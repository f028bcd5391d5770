// The places of pods and the flights, for the components.
import { landed, uidsOf, type Flight } from './flights';
import { NOWHERE, placed, type Places, type Shown } from './places';

export class Scenery {
  places: Places = $state.raw(NOWHERE);
  flights: readonly Flight[] = $state.raw([]);
  airborne: ReadonlySet<string> = $derived(uidsOf(this.flights));

  /** Update the places, and start flights. */
  take(shown: Shown, mayFly: boolean): void {
    const { places, flights } = placed(this.places, shown);
    const isAnew = shown.epoch !== this.places.epoch || places.capacity < this.places.capacity;
    this.places = places;
    if (isAnew || !mayFly) this.ground();
    else if (flights.length > 0) {
      this.retire(shown.at);
      this.flights = [...this.flights, ...flights];
    }
  }

  land(key: string): void {
    this.flights = this.flights.filter((flight) => flight.key !== key);
  }

  /** Remove the flights that have landed by a time. */
  retire(at: number): void {
    this.flights = this.flights.filter((flight) => !landed(flight, at));
  }

  /** Remove all flights. */
  ground(): void {
    if (this.flights.length > 0) this.flights = [];
  }
}
