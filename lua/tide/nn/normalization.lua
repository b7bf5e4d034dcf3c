-- The normalisations.
return function() end
