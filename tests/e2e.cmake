# Every tests/e2e/*_test.py is one test: real processes of build/.../parley on ports that the system
# picks. What measures time or loads both cores runs alone.
if(NOT TARGET parley)
  return()
endif()
file(GLOB e2e_tests CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/e2e/*_test.py)
set(e2e_environment "PARLEY_BINARY=$<TARGET_FILE:parley>"
  "PARLEY_EQUIVOCATOR=$<TARGET_FILE:equivocator>" "PYTHONDONTWRITEBYTECODE=1")
foreach(path IN LISTS e2e_tests)
  get_filename_component(name ${path} NAME_WE)
  string(REGEX REPLACE "_test$" "" name ${name})
  add_test(NAME e2e.${name} COMMAND ${Python3_EXECUTABLE} ${path})
  set_tests_properties(e2e.${name} PROPERTIES LABELS e2e TIMEOUT 180 SKIP_RETURN_CODE 77
    ENVIRONMENT "${e2e_environment}")
endforeach()
foreach(name heal stream swarm garbage demo policies)
  if(TEST e2e.${name})
    set_tests_properties(e2e.${name} PROPERTIES RUN_SERIAL TRUE)
  endif()
endforeach()
