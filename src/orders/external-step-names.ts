// The names by which mappings ask for an outside step (`port:`).

export const PORTS = ['lab-order', 'physician'] as const;
